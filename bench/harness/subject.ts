import type { BenchInput } from "../subjects/contract.ts";

/** A store to measure; each process opens it by its address. */
export interface OpenSubject {
  /** Stores one task; resolves when it is durable. */
  enqueue(input: BenchInput): Promise<unknown>;
  /** Stores many in one call; resolves when they are durable. */
  enqueueMany(inputs: readonly BenchInput[]): Promise<unknown>;
  /** Runs everything that is due through the no-op handler; resolves when all results are stored. */
  drain(): Promise<void>;
  /** Runs what comes, until stopped. */
  startWorker(): Promise<{ stop(): Promise<void> }>;
  /** How many task results wait and how many have succeeded, to check that the work was done. */
  counts(): Promise<TaskCounts>;
  /** How many statements this process has sent to the store's server, or that one has run; absent where there is none. */
  statements?(): number | Promise<number>;
  /** The processor time that the store's server has spent, in milliseconds; absent where there is none that tells. */
  serverCpuMs?(): Promise<number>;
  close(): Promise<void>;
}

/** What a store's server says of its own work. */
export interface ServerMeter {
  /** The statements that it has run for others. */
  statements(): Promise<number>;
  /** The processor time that it has spent, in milliseconds. */
  serverCpuMs(): Promise<number>;
  close(): void;
}

/** How many task results there are. */
export interface TaskCounts {
  readonly ready: number;
  readonly successful: number;
}

/** Called by a subject's handler with each input, at the very start. */
export type NoteRun = (input: BenchInput) => void;

/** What is measured: Taskwright on a backend, a peer, or the floor beneath both. */
export interface Subject {
  /** As shown in tables and written in rows. */
  readonly name: string;
  /** The floor is what ratios refer to: hand-written loops that do the same durable work. */
  readonly isFloor: boolean;
  /** Another library for the same work; ratios say how many times as much ours does. */
  readonly isPeer?: boolean;
  /** Whether several processes can open one store. */
  readonly isShared: boolean;
  /** Makes an empty store, its files in the given folder, and answers its address; the folder is deleted afterwards. */
  createStore(folder: string): Promise<string>;
  /** Takes away what a store keeps outside its folder; nobody has it open any more. */
  removeStore?(address: string): Promise<void>;
  /** Opens a store; `noteRun` is told of every handler that starts here. */
  open(address: string, noteRun: NoteRun): Promise<OpenSubject>;
}

/** How many handlers run at once in one worker process. */
export const CONCURRENCY = 100;
