import { resolve } from "node:path";
import type { Command } from "commander";
import type { QstashDev } from "../../qstash-dev/index.ts";
import type { CliApp } from "../app.ts";
import { EXIT_CODES, messageOf } from "../cli-error.ts";
import type { CliIo } from "../cli-io.ts";
import { withExamples } from "../command-help.ts";
import { deliveryPrinter } from "../delivery-lines.ts";
import { wholeNumberFrom } from "../option-values.ts";
import { counted, painter, safeLines } from "../terminal-text.ts";

interface QstashDevCommandOptions {
  readonly port: number;
  readonly host: string;
  readonly file?: string;
  readonly quiet?: boolean;
}

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/;

function printStart(io: CliIo, server: QstashDev, { file, host }: QstashDevCommandOptions): void {
  const paint = painter(io.stdout, io.env);
  const state = file === undefined ? "memory, gone at the end" : file;
  io.stdout.write(
    `${paint("bold", "qstash-dev")} listens on ${server.url}\nState: ${state}. Ctrl-C ends it.\n\n` +
      `QSTASH_URL=${server.url}\n` +
      `QSTASH_TOKEN=${server.token}\n` +
      `QSTASH_CURRENT_SIGNING_KEY=${server.currentSigningKey}\n` +
      `QSTASH_NEXT_SIGNING_KEY=${server.nextSigningKey}\n\n`,
  );
  if (!LOOPBACK.test(host)) {
    const warning = `${paint("yellow", "Warning:")} the token is public: whoever reaches ${host} can make this machine send requests.\n`;
    io.stderr.write(warning);
  }
}

/** Resolves at the first signal; the second one exits at once. */
function stopSignal(io: CliIo): { readonly came: Promise<string>; ignore(): void } {
  let hasCome = false;
  let tell: (name: string) => void = () => {};
  const came = new Promise<string>((resolveCame) => {
    tell = resolveCame;
  });
  const ignore = io.onStopSignal((name) => {
    if (hasCome) io.exit(EXIT_CODES.interrupted);
    hasCome = true;
    tell(name);
  });
  return { came, ignore };
}

async function run(io: CliIo, options: QstashDevCommandOptions): Promise<void> {
  const { port, host, file, quiet } = options;
  // The other commands need not load a server.
  const { startQstashDev } = await import("../../qstash-dev/index.ts");
  const print = deliveryPrinter(io);
  let delivered = 0;
  const signal = stopSignal(io);
  try {
    await using server = await startQstashDev({
      port,
      host,
      ...(file === undefined ? {} : { file: resolve(io.currentFolder(), file) }),
      log: (delivery) => {
        if (delivery.outcome === "delivered") delivered++;
        if (quiet !== true) print(delivery);
      },
      onFault: (error) => void io.stderr.write(`Error: ${safeLines(messageOf(error))}\n`),
    });
    printStart(io, server, options);
    const name = await signal.came;
    io.stdout.write(`${name}: stopped; delivered ${counted(delivered, "message")}.\n`);
  } finally {
    signal.ignore();
  }
}

/** Adds `taskwright qstash-dev`. */
export function addQstashDevCommand(program: Command, app: CliApp): void {
  const command = program
    .command("qstash-dev")
    .summary("run a local QStash for development")
    .description(
      "Run a local QStash that the official SDK can talk to, until SIGINT (Ctrl-C) or SIGTERM. Needs no config file and no " +
        "account. Prints the environment to paste, then a line for each delivery.",
    )
    .option("--port <n>", "where to listen; 0 for any free port", wholeNumberFrom(0, 65_535), 8080)
    .option("--host <address>", "the address to listen on", "127.0.0.1")
    .option("--file <file>", "keep the state in this SQLite file (default: memory)")
    .option("--quiet", "print no lines for deliveries")
    .action((options: QstashDevCommandOptions) => run(app.io, options));
  withExamples(command, ["qstash-dev", "qstash-dev --port 8081 --file qstash.db"]);
}
