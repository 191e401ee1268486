// The list of a user's mails, newest first. What is under way when the page is loaded is followed from there on.
import { type MailResult, sendEmail, trpc } from "./api.ts";
import { element, say } from "./element.ts";
import { mailItem } from "./mail-item.ts";
import { whatToDo } from "./what-to-do.ts";

const list = element("#mails", HTMLOListElement);
const empty = element("#empty", HTMLElement);
const notice = element("#sent-notice", HTMLElement);

/** Ends what the list of the user before is doing. */
let ending = new AbortController();

/** Shows the mails of who is signed in now. */
export async function showMails(isSignedIn: boolean): Promise<void> {
  ending.abort();
  ending = new AbortController();
  const { signal } = ending;
  list.replaceChildren();
  say(notice, null);
  say(empty, isSignedIn ? null : "Sign in to see them.");
  try {
    const ids = isSignedIn ? await trpc.recentMails.query(undefined, { signal }) : [];
    const items = await Promise.all(ids.map((id) => mailItem(sendEmail.result(id), signal)));
    if (signal.aborted) return;
    // One that was sent meanwhile is on top already.
    list.append(...items.filter(({ id }) => document.getElementById(id) === null));
    if (isSignedIn && items.length === 0) say(empty, "None yet.");
    await showLinked();
  } catch (error) {
    if (!signal.aborted) say(notice, whatToDo(error));
  }
}

/** Puts a mail on top; rejects where it may not be read. */
export async function showMail(mail: MailResult): Promise<void> {
  const { signal } = ending;
  const item = await mailItem(mail, signal);
  if (signal.aborted) return;
  say(empty, null);
  list.prepend(item);
}

/** Shows the mail that the address of the page names, if that is not in the list. */
async function showLinked(): Promise<void> {
  const id = location.hash.slice(1);
  const { signal } = ending;
  say(notice, null);
  list.querySelector("[aria-current]")?.removeAttribute("aria-current");
  if (id === "") return;
  try {
    if (document.getElementById(id) === null) await showMail(sendEmail.result(id));
    document.getElementById(id)?.setAttribute("aria-current", "true");
  } catch (error) {
    if (!signal.aborted) say(notice, whatToDo(error));
  }
}

window.addEventListener("hashchange", showLinked);
