import { TaskError, type TaskErrorInit } from "./task-error.ts";

/** A call to the webhook that could not be accepted. */
export class WebhookError<TData = unknown> extends TaskError<TData> {
  override readonly name: string = "WebhookError";

  constructor(
    init: Omit<TaskErrorInit<TData>, "code"> & { readonly code?: "WEBHOOK_ERROR" | "SIGNATURE_ERROR" },
  ) {
    super({ ...init, code: init.code ?? "WEBHOOK_ERROR" });
  }
}

/** What is wrong with a signature. */
export type SignatureFault =
  | "missing"
  | "malformed"
  | "expired"
  | "not-yet-valid"
  | "wrong-key"
  | "body-hash"
  | "url-mismatch"
  | "replayed";

/** Facts of a {@link SignatureError}. */
export interface SignatureErrorData {
  readonly reason: SignatureFault;
  /** The URL that this server's deliveries are sent to, and the one that was signed: of `url-mismatch`. */
  readonly expected?: string;
  readonly got?: string;
}

/** A webhook's signature is missing, malformed or wrong; `data.reason` says which. */
export class SignatureError extends WebhookError<SignatureErrorData> {
  override readonly name = "SignatureError";

  constructor(init: Omit<TaskErrorInit<SignatureErrorData>, "code">) {
    super({ ...init, code: "SIGNATURE_ERROR" });
  }
}
