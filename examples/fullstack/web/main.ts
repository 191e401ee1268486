// The page: who is signed in, the form, and the list.
import type { User } from "../session.ts";
import { setUser, trpc } from "./api.ts";
import { element, say } from "./element.ts";
import "./mail-form.ts";
import { showMails } from "./mail-list.ts";
import { whatToDo } from "./what-to-do.ts";

const session = element("#session", HTMLFieldSetElement);
const notice = element("#sent-notice", HTMLElement);

let signedInAs: User | null = null;

function choose(user: User | null): Promise<void> {
  signedInAs = user;
  element(`input[value="${user ?? ""}"]`, HTMLInputElement, session).checked = true;
  return showMails(user !== null);
}

session.addEventListener("change", async ({ target }) => {
  const user = ((target as HTMLInputElement).value || null) as User | null;
  try {
    await setUser(user);
  } catch (error) {
    await choose(signedInAs);
    say(notice, whatToDo(error));
    return;
  }
  await choose(user);
});

try {
  await choose(await trpc.user.query());
} catch (error) {
  say(notice, whatToDo(error));
}
