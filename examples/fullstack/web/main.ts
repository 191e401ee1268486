// The page: who is signed in, the form, and the list.
import type { User } from "../session.ts";
import { setUser, trpc } from "./api.ts";
import { element, say } from "./element.ts";
import "./mail-form.ts";
import { showMails } from "./mail-list.ts";
import { whatToDo } from "./what-to-do.ts";

const session = element("#session", HTMLFieldSetElement);
const notice = element("#sent-notice", HTMLElement);

function choose(user: User | null): Promise<void> {
  element(`input[value="${user ?? ""}"]`, HTMLInputElement, session).checked = true;
  return showMails(user !== null);
}

session.addEventListener("change", async ({ target }) => {
  const user = ((target as HTMLInputElement).value || null) as User | null;
  try {
    await setUser(user);
    await choose(user);
  } catch (error) {
    say(notice, whatToDo(error));
  }
});

try {
  await choose(await trpc.user.query());
} catch (error) {
  say(notice, whatToDo(error));
}
