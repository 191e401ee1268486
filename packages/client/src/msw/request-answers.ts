import type { MockedAnswer, TakeAnswer } from "./mocked-enqueues.ts";

/** A function of a test for what is enqueued of a task. */
export interface NotedAnswer {
  readonly path: string;
  readonly answer: MockedAnswer;
  /** For one input only. */
  readonly once: boolean;
  /** Whether the one input of `once` has come. */
  isUsed: boolean;
}

/** The functions that are to answer a request, noted by one handler of msw after the other: one request may hold many calls. */
export class RequestAnswers {
  // By the request itself, so that nothing is left of one that nobody answers.
  readonly #noted = new WeakMap<Request, NotedAnswer[]>();

  note(request: Request, answer: NotedAnswer): undefined {
    const noted = this.#noted.get(request);
    if (noted === undefined) this.#noted.set(request, [answer]);
    else noted.push(answer);
  }

  /** Gives the functions of a request, the nearest first. */
  takerFor(request: Request): TakeAnswer {
    const noted = this.#noted.get(request) ?? [];
    return (path) => {
      const found = noted.find((one) => one.path === path && !one.isUsed);
      if (found?.once === true) found.isUsed = true;
      return found?.answer;
    };
  }
}
