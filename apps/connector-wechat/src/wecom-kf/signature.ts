/** `msg_signature` over token, timestamp, nonce and ciphertext, and the envelope below it, which must name our corp. */
export { openSigned, type Stamp } from '../shared/signed-envelope';
