import { isTaskError, TaskError, type TaskErrorCode } from "@taskwright/shared";

interface Meaning {
  readonly code: TaskErrorCode;
  readonly text: string;
}

const UNAVAILABLE = "BACKEND_UNAVAILABLE";
const INCOMPATIBLE = "BACKEND_INCOMPATIBLE";

/** What the words mean with which errors begin (https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors). */
const MEANINGS: ReadonlyMap<string, Meaning> = new Map([
  ["NOAUTH", { code: UNAVAILABLE, text: "it asks for a password; give one in the URL or as password" }],
  ["WRONGPASS", { code: UNAVAILABLE, text: "the user or its password was refused" }],
  [
    "READONLY",
    { code: UNAVAILABLE, text: "this is a replica, which takes no writes; connect to the master" },
  ],
  ["LOADING", { code: UNAVAILABLE, text: "it is loading its data and will answer soon" }],
  [
    "OOM",
    { code: UNAVAILABLE, text: "its memory is full (maxmemory); nothing was stored; give it more, or purge" },
  ],
  [
    "WRONGTYPE",
    {
      code: INCOMPATIBLE,
      text: "a key of its own holds something else: another program uses the same prefix; choose another keyPrefix, or remove that key",
    },
  ],
  ["MISCONF", { code: UNAVAILABLE, text: "it cannot save to its disk and takes no writes" }],
  ["NOREPLICAS", { code: UNAVAILABLE, text: "too few of its replicas are up (min-replicas-to-write)" }],
  ["MASTERDOWN", { code: UNAVAILABLE, text: "the replica has lost its master" }],
  ["CLUSTERDOWN", { code: UNAVAILABLE, text: "the cluster is down, or a master has not been replaced yet" }],
  ["TRYAGAIN", { code: UNAVAILABLE, text: "the cluster is moving the slot" }],
  [
    "MOVED",
    {
      code: UNAVAILABLE,
      text: "another node of the cluster serves it; where cluster: false was given, leave it out",
    },
  ],
  ["ASK", { code: UNAVAILABLE, text: "the cluster is moving the slot" }],
  ["BUSY", { code: UNAVAILABLE, text: "it is busy with somebody's script" }],
  ["UNKILLABLE", { code: UNAVAILABLE, text: "it is busy with somebody's script" }],
]);

/** The fewest rights that suffice; without the last five it works, but is woken by nobody and checks nothing. */
const RIGHTS =
  "~{taskwright:* &taskwright:* +@hash +@sortedset +@stream +get +set +exists +del +persist +pexpire +time +eval +evalsha +publish +subscribe +unsubscribe +ping +info +config|get";

/** An error that says which rights the user needs; `problem` follows "the user". */
export function notPermitted(problem: string, cause?: unknown): TaskError {
  return new TaskError({
    code: INCOMPATIBLE,
    message: `Redis: the user ${problem}; give it these rights, with your prefix: ${RIGHTS} (NOPERM).`,
    cause,
  });
}

const WORDS = new RegExp(`\\b(${[...MEANINGS.keys()].join("|")})\\b`);

function messageOf(error: unknown): string {
  const message = (error as { message?: unknown } | null)?.message;
  return typeof message === "string" ? message : "";
}

/** The error without the command, whose arguments are people's inputs. */
function withoutCommand(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const bare = new Error(error.message);
  bare.name = error.name;
  if (error.stack !== undefined) bare.stack = error.stack;
  return bare;
}

/** Turns whatever the server or the driver said into a TaskError that says what happened and how to mend it. */
export function toTaskError(error: unknown): TaskError {
  if (isTaskError(error)) return error;
  const message = messageOf(error);
  const cause = withoutCommand(error);
  if (/\bNOPERM\b|user executing the script can't/.test(message))
    return notPermitted("may not do this", cause);
  const word = WORDS.exec(message)?.[1];
  const meaning = word === undefined ? undefined : MEANINGS.get(word);
  if (meaning !== undefined)
    return new TaskError({ code: meaning.code, message: `Redis: ${meaning.text} (${word}).`, cause });
  if (/script killed/i.test(message)) {
    return new TaskError({
      code: UNAVAILABLE,
      message: "Redis: somebody killed the script before it wrote anything (SCRIPT KILL).",
      cause,
    });
  }
  if (/unknown command/i.test(message)) {
    return new TaskError({
      code: INCOMPATIBLE,
      message: "Redis: a command is missing or renamed; Redis 6.2, Valkey 7.2 or later is needed.",
      cause,
    });
  }
  if ((error as { name?: unknown } | null)?.name === "ReplyError")
    return new TaskError({ code: UNAVAILABLE, message: "Redis refused an operation.", cause });
  const code = (error as { code?: unknown } | null)?.code;
  return new TaskError({
    code: UNAVAILABLE,
    message: `Redis cannot be reached${typeof code === "string" ? ` (${code})` : ""}; is it running, and is its URL right?`,
    cause,
  });
}
