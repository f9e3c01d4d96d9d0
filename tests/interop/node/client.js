// One call by the npm package `soap`. Reads from stdin what to say, writes to stdout what came of it, both as JSON.
'use strict'

const soap = require('soap')
const asked = JSON.parse(require('fs').readFileSync(0, 'utf8'))

const TYPES = { 'xmlns:d': 'urn:interop:dossier' }

async function main () {
  const headers = { 'X-API-Key': asked.key }
  const client = await soap.createClientAsync(asked.wsdl, { wsdl_headers: headers, forceSoap12Headers: asked.version === '1.2' })
  Object.entries(headers).forEach(([name, value]) => client.addHttpHeader(name, value))
  const options = asked.beside ? { attachments: [setBeside(asked.message)] } : {}
  // In these two styles the package forgets the namespace of the types: its way to say one is a prefix and its declaration.
  const named = asked.style === 'wrapped' ? asked.message : { attributes: TYPES, ...prefixed(asked.message) }
  const content = asked.style === 'bare' ? named : { Dossier: named }
  try {
    const [answer] = await client.SubmitAsync(content, options)
    return { receipt: answer.Receipt }
  } catch (error) {
    const fault = error.root && error.root.Envelope && error.root.Envelope.Body.Fault
    if (!fault) throw error
    return { fault: asked.version === '1.1' ? old(fault) : recent(fault) }
  }
}

function prefixed (value) {
  if (Array.isArray(value)) return value.map(prefixed)
  if (value === null || typeof value !== 'object') return value
  if (value.$xml) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => ['d:' + name, prefixed(each)]))
}

// Takes the photo out of the message; what stands for it there is written by hand, for the package has nothing for it.
function setBeside (message) {
  const body = Buffer.from(message.Photo, 'base64')
  message.Photo = { $xml: '<xop:Include xmlns:xop="http://www.w3.org/2004/08/xop/include" href="cid:photo@node"/>' }
  return { mimetype: 'image/png', contentId: 'photo@node', name: '', body }
}

function old (fault) {
  return { code: text(fault.faultcode), text: text(fault.faultstring), declared: declared(fault.detail) }
}

function recent (fault) {
  return { code: text(fault.Code.Value), text: text(fault.Reason.Text), declared: declared(fault.Detail) }
}

function declared (detail) {
  return [detail.Refused.Code, detail.Refused.Words].map(text)
}

function text (value) {
  return typeof value === 'object' ? value.$value : value
}

main().then(
  said => process.stdout.write(JSON.stringify(said)),
  error => { process.stderr.write(String(error.stack || error)); process.exit(1) }
)
