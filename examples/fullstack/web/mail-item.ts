// One mail of the list: read once, followed while it is under way, and at its end the receipt or the reason.
import type { ProgressUpdate } from "@taskwright/shared";
import type { MailResult, Receipt } from "./api.ts";
import { element, say } from "./element.ts";
import { takePlace } from "./places.ts";
import { whatToDo } from "./what-to-do.ts";

const WORDS: Readonly<Record<ProgressUpdate["status"], string>> = {
  READY: "Waiting",
  RUNNING: "Sending",
  SUCCESSFUL: "Sent",
  FAILED: "Failed",
  CANCELLED: "Cancelled",
};

function written({ messageId, bytes, acceptedAt }: Receipt): string {
  const at = new Date(acceptedAt).toLocaleTimeString(undefined, { timeStyle: "medium" });
  return `${bytes.toLocaleString()} bytes accepted at ${at}\n${messageId}`;
}

/** Shows a mail and what becomes of it, until `signal` aborts; rejects where it cannot be read. */
export async function mailItem(mail: MailResult, signal: AbortSignal): Promise<HTMLElement> {
  const record = await mail.refresh();
  const { content } = element("#mail", HTMLTemplateElement);
  const item = element("li", HTMLLIElement, content).cloneNode(true) as HTMLLIElement;
  const link = element(".subject", HTMLAnchorElement, item);
  const outcome = element(".outcome", HTMLElement, item);
  const cancel = element("button", HTMLButtonElement, item);
  link.textContent = record.input.subject;
  item.id = mail.id;
  link.href = `#${mail.id}`;
  element(".to", HTMLElement, item).textContent = `to ${record.input.to}`;
  element(".bar", HTMLElement, item).ariaLabel = `Progress of ${record.input.subject}`;

  const end = async () => {
    try {
      say(outcome, written(await mail.get({ signal })));
    } catch (error) {
      if (!signal.aborted) say(outcome, whatToDo(error));
    }
  };
  cancel.addEventListener("click", async () => {
    cancel.disabled = true;
    await mail.cancel().catch((error: unknown) => {
      cancel.disabled = false;
      say(outcome, whatToDo(error));
    });
  });

  draw(item, record);
  if (record.isFinished) await end();
  else follow(mail, { signal, onUpdate: (update) => draw(item, update), onEnd: end, onLost });
  return item;

  function onLost(error: unknown): void {
    say(outcome, `This is no longer up to date. ${whatToDo(error)}`);
  }
}

/** Tells each change until the end; waits for its place first, and gives that back at the end. */
function follow(
  mail: MailResult,
  listeners: {
    readonly signal: AbortSignal;
    readonly onUpdate: (update: ProgressUpdate) => void;
    readonly onEnd: () => void;
    readonly onLost: (error: unknown) => void;
  },
): void {
  const { signal, onUpdate, onEnd, onLost } = listeners;
  takePlace((giveBack) => {
    if (signal.aborted) return giveBack();
    const stop = mail.onProgress(
      (update) => {
        onUpdate(update);
        if (update.status === "READY" || update.status === "RUNNING") return;
        giveBack();
        onEnd();
      },
      {
        onError: (error) => {
          giveBack();
          onLost(error);
        },
      },
    );
    signal.addEventListener("abort", () => {
      stop();
      giveBack();
    });
  });
}

function draw(item: HTMLElement, { status, progress }: ProgressUpdate): void {
  const pill = element(".pill", HTMLElement, item);
  // A text that is set again would be read out again.
  if (pill.textContent !== WORDS[status]) pill.textContent = WORDS[status];
  pill.dataset.status = status;
  const bar = element(".bar", HTMLElement, item);
  const percent = Math.round(typeof progress === "number" ? progress * 100 : 0);
  bar.ariaValueNow = String(percent);
  element("div", HTMLElement, bar).style.inlineSize = `${percent}%`;
  element(".percent", HTMLOutputElement, item).value = `${percent}%`;
  element(".going", HTMLElement, item).hidden = status !== "READY" && status !== "RUNNING";
}
