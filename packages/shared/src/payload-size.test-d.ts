import { expectTypeOf } from "vitest";
import { isLargerThan, MAX_PAYLOAD_BYTES } from "./payload-size.ts";

expectTypeOf(MAX_PAYLOAD_BYTES).toEqualTypeOf<number>();
expectTypeOf(isLargerThan).toEqualTypeOf<(text: string, limit: number) => boolean>();
// @ts-expect-error -- payloads are text
isLargerThan(new Uint8Array(), 1);
