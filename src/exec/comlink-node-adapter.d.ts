declare module 'comlink/dist/esm/node-adapter.mjs' {
  import type { MessagePort, Worker } from 'node:worker_threads';
  import type { Endpoint } from 'comlink';

  /** comlink's adapter for node's worker_threads ports (it ships without types for this path). */
  export default function nodeEndpoint(port: MessagePort | Worker): Endpoint;
}
