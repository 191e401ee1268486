import { isTaskError } from "@taskwright/shared";

/** What a person is told when something went wrong: what it means, and what helps. */
export function whatToDo(error: unknown): string {
  if (!isTaskError(error)) return "The server cannot be reached. Reload the page when it is back.";
  switch (error.code) {
    case "UNAUTHORIZED":
      return "You are not signed in. Choose who you are at the top of the page, then try again: what you have written stays here.";
    case "RESULT_NOT_FOUND":
      return "This mail is not there, or it is somebody else’s. Sign in as the one who wrote it.";
    case "SERVER_UNREACHABLE":
      return "The server does not answer. When it does, look at your mails before you send this one again.";
    case "TASK_FAILED":
      return `Not sent. ${reasonOf(error.data)}`;
    case "TASK_CANCELLED":
      return "Cancelled before it was sent.";
    default:
      return `${error.message} Reload the page and try again.`;
  }
}

/** What the last attempt of a task that failed has said. */
function reasonOf(data: unknown): string {
  const { errors = [] } = (data ?? {}) as { readonly errors?: readonly { readonly message: string }[] };
  return errors.at(-1)?.message ?? "The server does not say why.";
}
