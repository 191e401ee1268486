import { findSubject } from "../subjects/suites.ts";
import { Actor } from "./actor.ts";
import type { ActorAnswer, ActorRequest, ActorStart } from "./actor-operations.ts";

// Ctrl-C reaches the whole process group: the parent decides, and a parent that is gone leaves no orphan.
process.on("SIGINT", () => {});
process.on("disconnect", () => process.exit(1));

function answer(message: ActorAnswer): void {
  process.send?.(message);
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

const start = JSON.parse(process.argv[2] ?? "{}") as ActorStart;
const subject = await findSubject(start.suite, start.subject);
const actor = await Actor.open(subject, start.address, start.profiles);

process.on("message", (message: ActorRequest) => {
  const { serial, operation, request } = message;
  const run = actor[operation].bind(actor) as (request: unknown) => Promise<unknown>;
  run(request).then(
    (result) => {
      answer({ serial, answer: result });
    },
    (error: unknown) => {
      answer({ serial, error: textOf(error) });
    },
  );
});
answer({ serial: 0 });
