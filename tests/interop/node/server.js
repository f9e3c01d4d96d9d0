// The npm package `soap` as server. Each face is a path of its own; what was understood goes to a file, one JSON line each.
'use strict'

const fs = require('fs')
const http = require('http')
const soap = require('soap')
const { port, faces, heard } = JSON.parse(process.argv[2])

const server = http.createServer((request, response) => response.writeHead(404).end())

function service (face) {
  const Deliver = message => {
    const dossier = face.style === 'bare' ? message : message.Dossier
    fs.appendFileSync(heard, JSON.stringify({ face: face.connector, dossier }) + '\n')
    if (dossier.Building === 'REFUSE') throw refusal(face)
    const receipt = 'R-' + dossier.Number
    // The package gives the parts of rpc a namespace, which WS-I BP R2735 forbids: with $xml it writes what it is given.
    return face.style === 'rpc' ? { $xml: `<Receipt>${receipt}</Receipt>` } : { Receipt: receipt }
  }
  return { [face.name]: { [face.name]: { Deliver } } }
}

function refusal (face) {
  const detail = { 'd:Refused': { attributes: { 'xmlns:d': 'urn:interop:dossier' }, 'd:Code': 'P5', 'd:Words': 'Dossier fermé & classé' } }
  if (face.version === '1.2') {
    return { Fault: { Code: { Value: 'soap:Sender' }, Reason: { Text: 'Refused' }, Detail: detail, statusCode: 400 } }
  }
  return { Fault: { faultcode: 'soap:Client', faultstring: 'Refused', detail, statusCode: 500 } }
}

server.listen(port, '127.0.0.1', () => {
  for (const face of faces) {
    soap.listen(server, {
      path: '/' + face.connector,
      services: service(face),
      xml: fs.readFileSync(face.wsdl, 'utf8'),
      uri: face.wsdl,
      forceSoap12Headers: face.version === '1.2'
    })
  }
})
