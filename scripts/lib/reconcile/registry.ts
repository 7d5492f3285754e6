/** What the indexer's handlers are given in Ponder's place when their events are replayed here. */
export interface Handling {
  event: unknown;
  context: unknown;
}

type Handler = (handling: Handling) => Promise<void>;

/** Every handler, by `<Contract>:<Event>`. */
export const handlers = new Map<string, Handler>();

/** Stands in for the module `ponder:registry` of the indexer. */
export const ponder = {
  on: (name: string, handler: Handler) => void handlers.set(name, handler),
};
