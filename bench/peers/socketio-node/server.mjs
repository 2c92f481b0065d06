// The reference implementation, one process: acknowledges `msg`, sends `pub` to everybody in the room.
import { createServer } from "node:http";
import { parseArgs } from "node:util";

import { Server } from "socket.io";

const { values } = parseArgs({ options: { listen: { type: "string" } } });
const [, host, port] = /^(.+):(\d+)$/.exec(values.listen);

const http = createServer();
const io = new Server(http, { serveClient: false });
io.on("connection", (socket) => {
  socket.join("room");
  socket.on("msg", (data, acknowledge) => acknowledge(data));
  socket.on("pub", (data) => io.to("room").emit("msg", data));
});
http.listen({ host, port: Number(port), backlog: 4096 });

process.on("SIGTERM", () => process.exit(0));
