import type { Finding } from "../../backend/index.ts";
import type { ResolvedQstashOptions } from "./options.ts";
import type { QstashSender } from "./sender.ts";

/** Examines QStash and the settings; says what can be lost, and when. */
export async function diagnose(
  options: ResolvedQstashOptions,
  sender: QstashSender,
): Promise<readonly Finding[]> {
  const { callback, baseUrl, store, retries } = options;
  const findings: Finding[] = [];
  try {
    await sender.ask((client) => client.queue().list());
    findings.push({ level: "ok", message: `QStash at ${baseUrl} takes the token.` });
  } catch (error) {
    findings.push({
      level: "error",
      message: error instanceof Error ? error.message : "QStash could not be asked.",
    });
  }
  findings.push({
    level: callback.protocol === "https:" ? "ok" : "warning",
    message:
      callback.protocol === "https:"
        ? `Deliveries go to ${callback.href}; signatures are checked for exactly this URL.`
        : `Deliveries go to ${callback.href}, unencrypted; use https anywhere but on your own machine.`,
  });
  if (store === undefined) {
    findings.push({
      level: "warning",
      message: `No store: task results cannot be read, attempts are counted by deliveries (at most ${retries + 1}), and what QStash gives up on is only in its dead letter queue.`,
    });
    return findings;
  }
  findings.push({
    level: "ok",
    message:
      "A store keeps task results. What could not be sent is sent by a relay: at each delivery, by executor.relay(), and by the task taskwright.relay, which a schedule should enqueue where nothing else stays up.",
  });
  return [...findings, ...(await store.diagnose())];
}
