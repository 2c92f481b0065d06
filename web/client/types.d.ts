/** The shapes of what the client takes and gives; no browser loads this file. Durations are milliseconds, sizes are bytes. */
import type { Room, RopewayError } from "./ropeway.js";

export type Member = { session: string; user?: string; info?: any };
/** Where a reader of a room's history stands. */
export type Position = { epoch: string; offset: number };
export type PastEvent = { event: string; data: any; from?: Member; offset?: number; room?: string };
export type History = { epoch: string; offset: number; events: PastEvent[]; complete: boolean };
export type Receipt = { epoch?: string; offset?: number; duplicate?: boolean };

/** A secret, or what fetches a fresh one. */
export type Secret = string | (() => string | Promise<string>);

export interface Options {
  /** Says who the client is, as the first message of each connection; a function is asked again when the token ends. */
  token?: Secret;
  /** Fetches a one-time ticket for each connection, which goes into its address. */
  ticket?: () => string | Promise<string>;
  /** The first wait before a reconnect is random below this (500), the next below twice as much ... */
  minDelay?: number;
  /** ... and so on up to this (30,000). */
  maxDelay?: number;
  /** How long connecting and the server's welcome may take together, a token or ticket included (10,000). */
  connectTimeout?: number;
  /** How long the answer to a request may take once it is sent (10,000). */
  timeout?: number;
  /** Requests held until they are answered, in bytes of their text (1 MiB). */
  maxBuffered?: number;
  /** The class to use, where there is no global one. */
  WebSocket?: any;
}

export interface ClientEvents {
  /** An attempt starts. */
  connecting: Event & { attempt: number };
  /** The server's welcome came. */
  open: Event & { session: string; welcome: any };
  /** Any message of the server, as parsed. */
  message: Event & { data: any };
  pong: Event & { rtt: number };
  /** A fault that belongs to no request; `no_token`: the function for the token or ticket failed. */
  error: Event & { error: RopewayError };
  /** Of a connection or an attempt; `final`: no other one follows by itself. */
  close: Event & { code: number; reason: string; wasClean: boolean; final: boolean; retryIn: number | null };
}

export interface RoomEvents {
  event: Event & { name: string; data: any; from?: Member; offset?: number; epoch?: string };
  /** After each join. */
  joined: Event & { recovered: boolean };
  /** After a reconnect: all missed events follow. */
  recovered: Event;
  /** After a reconnect: events in between are missing. `epochChanged`: the history on the server is a new one (it was restarted). */
  lost: Event & { epochChanged: boolean };
  presence: Event & { joined: Member[]; left: Member[]; members: Member[] };
  /** The server took the membership away. */
  left: Event;
  /** The server refuses the join for good. */
  error: Event & { error: RopewayError };
}

/** A request that waits for its answer. */
export interface Request {
  text: string;
  bytes: number;
  /** It must be joined. */
  room: Room | undefined;
  /** It may be sent again after a reconnect. */
  repeat: boolean;
  sent: boolean;
  timeout: number;
  timer?: any;
  resolve: (value: any) => void;
  reject: (error: RopewayError) => void;
}

export interface RequestOptions {
  room?: Room;
  repeat?: boolean;
  /** Sent even when the buffer is full. */
  urgent?: boolean;
  timeout?: number;
  /** Called at once with the answer, where a promise would be late for what follows in the same read. */
  answered?: (message: any) => void;
}

/** What a room may ask of its client. */
export interface Link {
  request: (message: object, options?: RequestOptions) => Promise<any>;
  send: (message: object, limit?: number) => boolean;
  ready: (room: Room) => void;
  gone: (room: Room, error: RopewayError) => void;
}
