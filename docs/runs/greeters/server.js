// The first step to a server: it listens, says where, and greets. Nobody can enter.
const net = require("node:net");

const [address, port] = process.argv.slice(2);
const server = net.createServer((socket) => {
  socket.on("error", () => {}); // without this, one lost connection ends everything
  socket.write("BATEPAPO 1 my-server\n");
  socket.resume(); // octets, not lines: what they say is the next step
});
server.listen({ host: address, port: Number(port) }, () => {
  const shown = address.includes(":") ? `[${address}]` : address;
  console.log(`listening at ${shown}:${server.address().port}`);
});
