/** Where collections are kept beside memory, as JSON by kind and id. */
export interface StateStore {
  load(kind: string): readonly (readonly [id: string, value: unknown])[];
  put(kind: string, id: string, value: unknown): void;
  remove(kind: string, id: string): void;
  /** Runs synchronous work of which all is kept, or nothing. */
  atomically<T>(work: () => T): T;
  close(): void;
}

/** Keeps nothing: what memory holds is all there is. */
export const memoryOnly: StateStore = {
  load: () => [],
  put: () => {},
  remove: () => {},
  atomically: (work) => work(),
  close: () => {},
};
