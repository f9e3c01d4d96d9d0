// What the back office answered: anything but 0 is said in the log, for nothing is kept.
if (msg.statusCode !== 200 || !msg.payload || msg.payload.codeRetour !== 0) {
  node.warn(`refused: ${msg.statusCode}`);
}
return null;
