/**
 * The functions of libcrypto that are called, as data: for each its prototype and manual page. All of them are in
 * OpenSSL 1.1.1, 3 and 4. Addresses are `u64`; none of these functions is variadic.
 *
 * @module
 */

/** What `Deno.dlopen` is given. */
export const LIBCRYPTO_SYMBOLS = {
  /** `const char *OpenSSL_version(int t)`; OpenSSL_version(3). */
  openSslVersion: { name: "OpenSSL_version", parameters: ["i32"], result: "pointer" },
  /** `const EVP_CIPHER *EVP_chacha20_poly1305(void)`; EVP_chacha20_poly1305(3). Static, never freed. */
  chacha20Poly1305: { name: "EVP_chacha20_poly1305", parameters: [], result: "u64" },
  /** `const EVP_CIPHER *EVP_aes_256_gcm(void)`; EVP_aes_256_gcm(3). Static, never freed. */
  aes256Gcm: { name: "EVP_aes_256_gcm", parameters: [], result: "u64" },
  /** `EVP_CIPHER_CTX *EVP_CIPHER_CTX_new(void)`; EVP_EncryptInit(3). */
  contextNew: { name: "EVP_CIPHER_CTX_new", parameters: [], result: "u64" },
  /** `void EVP_CIPHER_CTX_free(EVP_CIPHER_CTX *ctx)`; EVP_EncryptInit(3). Wipes the expanded key. */
  contextFree: { name: "EVP_CIPHER_CTX_free", parameters: ["u64"], result: "void" },
  /** `int EVP_CIPHER_CTX_ctrl(EVP_CIPHER_CTX *ctx, int cmd, int p1, void *p2)`; EVP_EncryptInit(3). */
  contextControl: {
    name: "EVP_CIPHER_CTX_ctrl",
    parameters: ["u64", "i32", "i32", "u64"],
    result: "i32",
  },
  /**
   * `int EVP_CipherInit_ex(EVP_CIPHER_CTX *ctx, const EVP_CIPHER *type, ENGINE *impl, const unsigned char *key,
   * const unsigned char *iv, int enc)`; EVP_EncryptInit(3). What is NULL, and an `enc` of -1, stays as it was.
   */
  cipherInit: {
    name: "EVP_CipherInit_ex",
    parameters: ["u64", "u64", "u64", "u64", "u64", "i32"],
    result: "i32",
  },
  /**
   * `int EVP_CipherUpdate(EVP_CIPHER_CTX *ctx, unsigned char *out, int *outl, const unsigned char *in, int inl)`;
   * EVP_EncryptInit(3). With `out` NULL, `in` is additional data.
   */
  cipherUpdate: {
    name: "EVP_CipherUpdate",
    parameters: ["u64", "u64", "u64", "u64", "i32"],
    result: "i32",
  },
  /** `int EVP_CipherFinal_ex(EVP_CIPHER_CTX *ctx, unsigned char *out, int *outl)`; EVP_EncryptInit(3). 0 when the tag is wrong. */
  cipherFinal: { name: "EVP_CipherFinal_ex", parameters: ["u64", "u64", "u64"], result: "i32" },
  /** `unsigned long ERR_get_error(void)`; ERR_get_error(3). The oldest of this thread's errors, taken away. */
  takeError: { name: "ERR_get_error", parameters: [], result: "u64" },
  /** `void ERR_error_string_n(unsigned long e, char *buf, size_t len)`; ERR_error_string(3). */
  errorString: {
    name: "ERR_error_string_n",
    parameters: ["u64", "u64", "u64"],
    result: "void",
  },
} as const satisfies Deno.ForeignLibraryInterface;
