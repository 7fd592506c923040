// A Bate-papo server for Node. So far it listens, greets, and turns everybody away.
//
//     node server.js ADDRESS PORT

"use strict";

const net = require("node:net");

function welcome(socket) {
  socket.on("error", () => {}); // without this, one lost connection ends everything
  socket.once("data", (octets) => {
    // `octets` is a Buffer: what has come, and not a line. Lines are up to you.
    socket.end("ERRO 03 sintaxe :ainda nao sei ler\n");
  });
  socket.write("BATEPAPO 1 meu-servidor-js\n");
}

const [address, port] = process.argv.slice(2);
// Without allowHalfOpen, Node answers the end of a stream with an end of its own.
const server = net.createServer({ allowHalfOpen: true }, welcome);
const shown = net.isIPv6(address) ? `[${address}]` : address;
server.listen({ host: address, port: Number(port) }, () => {
  console.log(`Bate-papo for Node, listening at ${shown}:${server.address().port}`);
});
