// A Node server that reloads without losing a request. It takes its socket the systemd way:
//
//	blackbulld --reload -- node server.mjs

import http from "node:http";

const VERSION = 1;

const server = http.createServer((request, response) => {
	response.setHeader("Content-Type", "text/plain");
	response.end(`node, version ${VERSION}\n`);
});

// LISTEN_FDS sockets are passed, the first is descriptor 3.
server.listen(process.env.LISTEN_FDS ? { fd: 3 } : { port: 8000, host: "127.0.0.1" });

// A newer version takes over: finish what was begun, then leave.
process.on("SIGTERM", () => {
	server.close(() => process.exit(0));
	server.closeIdleConnections();
});
