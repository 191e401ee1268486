import { expectTypeOf } from "vitest";
import { decodeEnvelope, type ENVELOPE_VERSION, encodeEnvelope, type WireEnvelope } from "./wire-envelope.ts";

expectTypeOf<typeof ENVELOPE_VERSION>().toEqualTypeOf<1>();
expectTypeOf(encodeEnvelope).toEqualTypeOf<(envelope: WireEnvelope) => string>();
expectTypeOf(decodeEnvelope).toEqualTypeOf<(text: string) => WireEnvelope>();
expectTypeOf<WireEnvelope["input"]>().toEqualTypeOf<string | null>();
// @ts-expect-error -- an envelope names its codec
encodeEnvelope({ id: "1", path: "tick", input: null });
