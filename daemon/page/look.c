#include "page/look.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "page/look_data.h"

static void write_policy(
    char out[LOOK_POLICY_BYTES], const char *style_digest, const char *form_action)
{
	(void)snprintf(out, LOOK_POLICY_BYTES,
	    "default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; form-action %s; "
	    "frame-ancestors 'none'",
	    style_digest, form_action);
}

enum err look_init(struct look *out)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned char text[4 * (EVP_MAX_MD_SIZE + 2) / 3 + 1];
	unsigned digest_len = 0;

	*out = (struct look){
	    .style = LOOK_PAGE_CSS LOOK_FORM_CSS,
	    .brand = LOOK_BRAND_SVG,
	    .scenes =
	        {
	            [SCENE_MEADOW] = LOOK_MEADOW_SVG,
	            [SCENE_PLAY] = LOOK_PLAY_SVG,
	            [SCENE_CLOCK] = LOOK_CLOCK_SVG,
	            [SCENE_BOOK] = LOOK_BOOK_SVG,
	            [SCENE_COMPANY] = LOOK_COMPANY_SVG,
	            [SCENE_SHELTER] = LOOK_SHELTER_SVG,
	            [SCENE_LETTER] = LOOK_LETTER_SVG,
	            [SCENE_PATH] = LOOK_PATH_SVG,
	            [SCENE_SHIELD] = LOOK_SHIELD_SVG,
	            [SCENE_DOOR] = LOOK_DOOR_SVG,
	            [SCENE_NONE] = "",
	        },
	};
	if (EVP_Digest(out->style, strlen(out->style), digest, &digest_len, EVP_sha256(),
	        NULL) != 1)
		return ERR_MEMORY;
	EVP_EncodeBlock(text, digest, (int)digest_len);
	write_policy(out->policy, (const char *)text, "'none'");
	write_policy(out->form_policy, (const char *)text, "'self'");
	return OK;
}
