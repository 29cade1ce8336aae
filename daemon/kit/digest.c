#include "kit/digest.h"

#include <stdio.h>

enum err digest_begin(EVP_MD_CTX **out)
{
	EVP_MD_CTX *sum = EVP_MD_CTX_new();

	if (sum == NULL || EVP_DigestInit_ex(sum, EVP_sha256(), NULL) != 1) {
		EVP_MD_CTX_free(sum);
		return ERR_MEMORY;
	}
	*out = sum;
	return OK;
}

void digest_add(EVP_MD_CTX *sum, struct slice bytes)
{
	(void)EVP_DigestUpdate(sum, bytes.ptr, bytes.len);
}

void digest_add_text(EVP_MD_CTX *sum, const char *text)
{
	(void)EVP_DigestUpdate(sum, text, strlen(text) + 1);
}

void digest_end(EVP_MD_CTX **sum, char out[DIGEST_TEXT_BYTES])
{
	unsigned char octets[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (out != NULL) {
		out[0] = 0;
		(void)EVP_DigestFinal_ex(*sum, octets, &len);
		for (unsigned i = 0; i < len && i < (DIGEST_TEXT_BYTES - 1) / 2; i++)
			(void)snprintf(out + (size_t)2 * i, 3, "%02x", octets[i]);
	}
	EVP_MD_CTX_free(*sum);
	*sum = NULL;
}
