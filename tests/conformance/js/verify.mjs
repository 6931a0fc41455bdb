// SPDX-License-Identifier: Apache-2.0

// Verifies DSSE envelopes with the encoding of @sigstore/core and the Ed25519 of WebCrypto.
// Standard input: a JSON array of {envelope, keys: {keyid: hex}}; standard output: for each whether all its
// signatures hold, and the bytes that were signed, in hex. Run where @sigstore/core is installed.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { webcrypto } from "node:crypto";

const { dsse } = createRequire(process.cwd() + "/")("@sigstore/core");

async function check({ envelope, keys }) {
  const document = JSON.parse(envelope);
  const signed = dsse.preAuthEncoding(document.payloadType, Buffer.from(document.payload, "base64"));
  let holds = document.signatures.length > 0;
  for (const { keyid, sig } of document.signatures) {
    const raw = Buffer.from(keys[keyid], "hex");
    const key = await webcrypto.subtle.importKey("raw", raw, { name: "Ed25519" }, false, ["verify"]);
    holds &&= await webcrypto.subtle.verify({ name: "Ed25519" }, key, Buffer.from(sig, "base64"), signed);
  }
  return { holds, signed: signed.toString("hex") };
}

const cases = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(await Promise.all(cases.map(check))));
