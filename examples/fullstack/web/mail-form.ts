// The form. The contract's rules are the server's to check; what it finds is shown beside the fields.
import { isTaskError } from "@taskwright/shared";
import { sendEmail } from "./api.ts";
import { element, say } from "./element.ts";
import { showMail } from "./mail-list.ts";
import { whatToDo } from "./what-to-do.ts";

const form = element("#compose", HTMLFormElement);
const notice = element("#compose-notice", HTMLElement);
const send = element("button", HTMLButtonElement, form);
const fields = {
  to: element("#to", HTMLInputElement),
  subject: element("#subject", HTMLInputElement),
  body: element("#body", HTMLTextAreaElement),
};

function showFaults(faults: ReadonlyMap<unknown, string>): void {
  for (const [name, field] of Object.entries(fields)) {
    const fault = faults.get(name);
    field.ariaInvalid = fault === undefined ? null : "true";
    element(`#${name}-fault`, HTMLElement).textContent = fault ?? "";
  }
  form.querySelector<HTMLElement>("[aria-invalid]")?.focus();
}

async function submit(): Promise<void> {
  const { to, subject, body } = fields;
  const mail = await sendEmail.delay({ to: to.value, subject: subject.value, body: body.value });
  form.reset();
  to.focus();
  await showMail(mail);
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  send.disabled = true;
  say(notice, null);
  showFaults(new Map());
  try {
    await submit();
  } catch (error) {
    if (isTaskError(error, "PAYLOAD_ERROR"))
      showFaults(new Map(error.data?.issues.map(({ path, message }) => [path[0], message])));
    else say(notice, whatToDo(error));
  } finally {
    send.disabled = false;
  }
});
