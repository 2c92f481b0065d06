/**
 * A server made of npm `ws`: prints its URL, then echoes. `close CODE REASON` and `terminate` end the connection, `wait`
 * is answered with `done` after three pings; the path /refuse is refused.
 */
import { createServer } from "node:http";

import { WebSocketServer } from "ws";

const http = createServer();
const server = new WebSocketServer({
  server: http,
  perMessageDeflate: { threshold: 0 },
  verifyClient: ({ req }, done) => done(req.url !== "/refuse", 401, "Unauthorized", { "x-why": "no token" }),
});

server.on("connection", (socket) => {
  let pings = 0;
  socket.on("message", (data, isBinary) => {
    const [command, code, ...reason] = isBinary ? [] : data.toString().split(" ");
    if (command === "close") socket.close(Number(code), reason.join(" "));
    else if (command === "terminate") socket.terminate();
    else if (command === "wait") socket.on("ping", () => ++pings === 3 && socket.send("done"));
    else socket.send(data, { binary: isBinary });
  });
});

http.listen(0, "127.0.0.1", () => console.log(`ws://127.0.0.1:${http.address().port}/`));
