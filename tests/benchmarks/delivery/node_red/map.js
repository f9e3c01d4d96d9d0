// The function node: the same fields and code tables as the hub's mapping, and a look at what must be there; 400 or 202, and on.
const MOTIVES = { casse: "CASSE", couvercle: "CASSE", vol: "VOL", disparition: "VOL", trop_petit: "CAPA" };
const STREAMS = { ordures: "OMR", emballages: "CS", biodechets: "BD" };
const yesNo = (value) => (value === undefined ? undefined : value ? "O" : "N");

const said = msg.payload;
const asked = said && said.demande;
const known =
  asked && said.dossier && said.usager && said.adresse && asked.ancienBac && asked.nbHabitants && MOTIVES[asked.motif] &&
  Array.isArray(asked.bacs) && asked.bacs.every((bin) => STREAMS[bin.flux]);
if (!known) {
  node.send([{ req: msg.req, res: msg.res, statusCode: 400, payload: { error: "bad request" } }, null]);
  return null;
}

const [year, month, day] = said.deposeLe.slice(0, 10).split("-");
const order = {
  refExterne: said.dossier.numero,
  type: "REMPL",
  codeMotif: MOTIVES[asked.motif],
  dateDemande: `${day}/${month}/${year}`,
  demandeur: {
    nomComplet: `${said.usager.nom} ${said.usager.prenom}`,
    courriel: said.usager.courriel,
    telephone: said.usager.telephone,
  },
  adresse: {
    voie: said.adresse.voie.slice(0, 32),
    codePostal: said.adresse.codePostal,
    ville: said.adresse.commune,
    codeInsee: said.adresse.codeInsee,
  },
  numBacAncien: asked.ancienBac,
  nbPers: asked.nbHabitants,
  accessible: yesNo(asked.accessible),
  numPV: asked.numPlainte,
  observation: asked.commentaire && asked.commentaire.slice(0, 60),
  bacs: asked.bacs.map((bin) => ({ codeFlux: STREAMS[bin.flux], litrage: bin.volume, reprise: yesNo(bin.reprise) })),
};

node.send([{ req: msg.req, res: msg.res, statusCode: 202, payload: { reference: order.refExterne } }, null]);
node.send([null, { payload: order, headers: { "content-type": "application/json", authorization: "Bearer token" } }]);
return null;
