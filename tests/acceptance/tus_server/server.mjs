// The reference tus server over a folder: `node server.mjs FOLDER`; says its port.
import { FileStore } from "@tus/file-store";
import { Server } from "@tus/server";

const WEEK = 7 * 24 * 3600 * 1000;
const datastore = new FileStore({ directory: process.argv[2], expirationPeriodInMilliseconds: WEEK });
const server = new Server({ path: "/api/v1/uploads", datastore });
const listening = server.listen({ host: "127.0.0.1", port: 0 }, () => console.log(listening.address().port));
