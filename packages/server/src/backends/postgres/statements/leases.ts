import type { Statement } from "../../sql/executor.ts";
import { statementOf } from "../../sql/statement-of.ts";
import type { TableNames } from "../../sql/table-names.ts";

/** Moves the ends of leases: the items, each a row, its lease and the new end. Gives rows, leases and cancel requests. */
export function renew({ running }: TableNames): Statement {
  return statementOf(
    "renew",
    `UPDATE ${running} r SET lease_expires_at = i.u FROM json_to_recordset($1::json) AS i(s bigint, k bigint, u bigint)
  WHERE r.seq = i.s AND r.lease_token = i.k RETURNING r.seq, r.lease_token, r.cancel_requested`,
  );
}

/** Stores progress: the items, each a row, its lease and the progress. Gives rows and leases. */
export function progress({ running }: TableNames): Statement {
  return statementOf(
    "progress",
    `UPDATE ${running} r SET progress = i.p FROM json_to_recordset($1::json) AS i(s bigint, k bigint, p text)
  WHERE r.seq = i.s AND r.lease_token = i.k RETURNING r.seq, r.lease_token`,
  );
}

/** Makes the expiry of leases count, or count as nothing: the items, each a row and its lease. Gives rows and leases. */
function setUncounted({ running }: TableNames, name: string, isUncounted: boolean): Statement {
  return statementOf(
    name,
    `UPDATE ${running} r SET lease_uncounted = ${isUncounted} FROM json_to_recordset($1::json) AS i(s bigint, k bigint)
  WHERE r.seq = i.s AND r.lease_token = i.k RETURNING r.seq, r.lease_token`,
  );
}

/** Makes the expiry of leases count: their handlers are called. */
export function begin(names: TableNames): Statement {
  return setUncounted(names, "begin", false);
}

/** Makes the expiry of leases count as nothing. */
export function letExpire(names: TableNames): Statement {
  return setUncounted(names, "let_expire", true);
}
