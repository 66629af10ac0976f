import { OK, saying, sayingAndClosing, type ZooEntry } from "./entry.ts";

const ANSWER = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfine";
const CHUNKED = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nfine\r\n0\r\n\r\n";
const CLOSING = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 4\r\n\r\nfine";

/** Cut after each byte but the last. */
function cut(name: string, does: string, text: string, isReset: boolean): ZooEntry {
  return {
    name,
    does,
    outcome: "connection_lost",
    ends: "at once",
    variants: text.length,
    options: (variant) => ({
      onRequest: (socket) => {
        const beginning = text.slice(0, variant);
        if (isReset) socket.write(beginning, "latin1", () => socket.resetAndDestroy());
        else socket.end(beginning, "latin1");
      },
    }),
  };
}

/** Connections that end at the wrong moment. */
export const ENDINGS: readonly ZooEntry[] = [
  {
    name: "closes at once",
    does: "closes each connection as it is made",
    outcome: "connection_lost",
    ends: "at once",
    requests: null,
    options: () => ({ onConnection: (socket) => socket.end() }),
  },
  {
    name: "resets at once",
    does: "resets each connection as it is made",
    outcome: "connect_failed or connection_lost",
    ends: "at once",
    requests: null,
    options: () => ({ onConnection: (socket) => socket.resetAndDestroy() }),
  },
  cut("closes at every byte", "closes in good order after each byte of an answer", ANSWER, false),
  cut("closes at every byte of chunks", "closes in good order after each byte of a chunked answer", CHUNKED, false),
  cut("closes at every byte of a last answer", "the same, of an answer with Connection: close", CLOSING, false),
  cut("resets at every byte", "resets the connection after each byte of an answer", ANSWER, true),
  cut("resets at every byte of chunks", "resets the connection after each byte of a chunked answer", CHUNKED, true),
  {
    name: "too few bytes",
    does: "announces 10 bytes, writes 4 and closes",
    outcome: "connection_lost",
    ends: "at once",
    options: sayingAndClosing("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nfour"),
  },
  {
    name: "too many bytes",
    does: "announces 2 bytes and writes 4; the next attempt gets a new connection",
    outcome: "200",
    ends: "at once",
    attempts: 2,
    options: saying("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokok"),
  },
  {
    name: "two answers to one request",
    does: "writes a second answer (500) behind the first; nobody takes it for the next attempt's",
    outcome: "200",
    ends: "at once",
    attempts: 3,
    options: saying(`${OK}HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n`),
  },
  {
    name: "an answer before the request",
    does: "writes an answer as the connection is made, and never another: it is taken for the first request's",
    outcome: "200",
    ends: "at once",
    isKept: true,
    options: () => ({ onConnection: (socket) => socket.write(OK) }),
  },
  {
    name: "dying keep-alive",
    does: "closes a connection that is used for the second time, without a word: sent once more, on a new connection, in the same attempt",
    outcome: "200",
    ends: "at once",
    attempts: 2,
    requests: 3,
    isKept: true,
    options: () => ({
      onRequest: (socket, turn) => {
        if (turn.onConnection > 1) socket.end();
        else socket.write(OK);
      },
    }),
  },
  {
    name: "resetting keep-alive",
    does: "resets a connection that is used for the second time",
    outcome: "200",
    ends: "at once",
    attempts: 2,
    requests: 3,
    isKept: true,
    options: () => ({
      onRequest: (socket, turn) => {
        if (turn.onConnection > 1) socket.resetAndDestroy();
        else socket.write(OK);
      },
    }),
  },
  {
    name: "keep-alive that dies twice",
    does: "closes a connection that is used for the second time, and the new one as well: never sent a third time",
    outcome: "connection_lost",
    ends: "at once",
    attempts: 2,
    requests: 3,
    options: () => ({
      onRequest: (socket, turn) => {
        if (turn.request > 1) socket.end();
        else socket.write(OK);
      },
    }),
  },
  {
    name: "keep-alive that dies in its answer",
    does: "closes a connection that is used for the second time, after each byte of the answer: it was heard, so it is not sent again",
    outcome: "connection_lost",
    ends: "at once",
    attempts: 2,
    variants: OK.length - 1,
    options: (variant) => ({
      onRequest: (socket, turn) => {
        if (turn.onConnection > 1) socket.end(OK.slice(0, variant + 1));
        else socket.write(OK);
      },
    }),
  },
  {
    name: "dying keep-alive, then silence",
    does: "closes a connection that is used for the second time, and is silent on the new one: both share one deadline",
    outcome: "timeout",
    ends: "deadline",
    attempts: 2,
    requests: 3,
    options: () => ({
      onRequest: (socket, turn) => {
        if (turn.request === 1) socket.write(OK);
        else if (turn.request === 2) socket.end();
      },
    }),
  },
  {
    name: "dying keep-alive over TLS",
    does: "does the same over TLS",
    outcome: "200",
    ends: "at once",
    attempts: 2,
    requests: 3,
    isKept: true,
    reachedAt: "https://app.example.com",
    options: () => ({
      tls: {},
      onRequest: (socket, turn) => {
        if (turn.onConnection > 1) socket.end();
        else socket.write(OK);
      },
    }),
  },
  {
    name: "keep-alive that dies in its answer, over TLS",
    does: "writes a first byte of an answer over TLS before it closes: it was heard, so it is not sent again",
    outcome: "connection_lost",
    ends: "at once",
    attempts: 2,
    reachedAt: "https://app.example.com",
    options: () => ({
      tls: {},
      onRequest: (socket, turn) => {
        if (turn.onConnection > 1) socket.end("H");
        else socket.write(OK);
      },
    }),
  },
  {
    name: "slow death of a keep-alive",
    does: "is silent on a connection that is used for the second time",
    outcome: "timeout",
    ends: "deadline",
    attempts: 2,
    options: () => ({ onRequest: (socket, turn) => (turn.onConnection > 1 ? undefined : socket.write(OK)) }),
  },
  {
    name: "Connection: close",
    does: "says Connection: close each time and closes",
    outcome: "200",
    ends: "at once",
    attempts: 2,
    options: sayingAndClosing("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"),
  },
  {
    name: "answers before the body",
    does: "answers 413 to the head of a large request and reads on",
    outcome: "413",
    ends: "at once",
    payloadBytes: 1_000_000,
    isKept: true,
    options: () => ({ onHead: (socket) => socket.write("HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n") }),
  },
];
