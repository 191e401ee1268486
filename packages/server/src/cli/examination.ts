import type { AnyRouter } from "@taskwright/shared";
import type { Finding } from "../backend/index.ts";
import { isBuiltIn } from "../core/built-in-tasks.ts";
import type { OpenedBackend } from "../core/opened-backend.ts";
import type { TaskServer } from "../create-task-server.ts";
import type { CliApp, ConfiguredServer } from "./app.ts";
import { ConfigError, hintOf, messageOf } from "./cli-error.ts";
import { counted } from "./terminal-text.ts";
import { waitingWithoutTask } from "./waiting-without-task.ts";

/** A {@link Finding} and what it is about: `node`, `config`, `tasks` or `backend <name>`. */
export interface DoctorFinding extends Finding {
  readonly subject: string;
}

const MOST_NAMES = 10;

function failureOf(subject: string, error: unknown): DoctorFinding {
  const hint = error instanceof ConfigError ? hintOf(error) : null;
  return {
    subject,
    level: "error",
    message: hint === null ? messageOf(error) : `${messageOf(error)}\n${hint}`,
  };
}

function examineTasks(server: TaskServer<AnyRouter>): DoctorFinding {
  const tasks = [...server["~engine"].tasks.values()].filter(({ path }) => !isBuiltIn(path));
  const unhandled = tasks.filter(({ handler }) => handler === undefined).map(({ path }) => path);
  if (tasks.length === 0)
    return { subject: "tasks", level: "warning", message: "The contract has no tasks." };
  if (unhandled.length === 0) {
    return {
      subject: "tasks",
      level: "ok",
      message: `${counted(tasks.length, "task")}, each with a handler.`,
    };
  }
  const more = unhandled.length > MOST_NAMES ? ` and ${unhandled.length - MOST_NAMES} more` : "";
  const names = `${unhandled.slice(0, MOST_NAMES).join(", ")}${more}`;
  const message = `${unhandled.length} of ${counted(tasks.length, "task")} have no handler here, so this config's workers leave them READY: ${names}.`;
  return { subject: "tasks", level: "warning", message };
}

async function examineWaiting(
  opened: OpenedBackend,
  isKnown: (path: string) => boolean,
): Promise<readonly DoctorFinding[]> {
  const subject = `backend ${opened.name}`;
  try {
    const found = await waitingWithoutTask(opened, isKnown);
    return found === null ? [] : [{ subject, ...found }];
  } catch (error) {
    return [failureOf(subject, error)];
  }
}

async function examineBackend(
  opened: OpenedBackend,
  isKnown: (path: string) => boolean,
): Promise<readonly DoctorFinding[]> {
  const subject = `backend ${opened.name}`;
  try {
    await opened.open();
    const findings = await opened.backend.diagnose();
    const kind = {
      subject,
      level: "ok" as const,
      message: `It is a ${opened.backend.kind} backend and opens.`,
    };
    const own = findings.map(({ level, message }) => ({ subject, level, message }));
    return [kind, ...own, ...(await examineWaiting(opened, isKnown))];
  } catch (error) {
    return [failureOf(subject, error)];
  }
}

/** Examines this Node, the config, its tasks and its backends. */
export async function examine(app: CliApp, nodeVersion: string): Promise<readonly DoctorFinding[]> {
  const findings: DoctorFinding[] = [{ subject: "node", level: "ok", message: `Node ${nodeVersion}.` }];
  let configured: ConfiguredServer;
  try {
    configured = await app.loadServer();
  } catch (error) {
    return [...findings, failureOf("config", error)];
  }
  const { path, server } = configured;
  findings.push({ subject: "config", level: "ok", message: path }, examineTasks(server));
  const { tasks, backends } = server["~engine"];
  const isKnown = (path: string) => tasks.has(path) || isBuiltIn(path);
  const examined = await Promise.all([...backends.values()].map((opened) => examineBackend(opened, isKnown)));
  findings.push(...examined.flat());
  await server.close().catch((error: unknown) => findings.push(failureOf("config", error)));
  return findings;
}
