/* words -- sentences for people in their language, by gettext catalogues (po/).
 *
 * Write every such sentence in English inside _("…"); N_("…") marks one that is
 * translated later. Log lines and JSON stay English and are not marked. */
#ifndef BASE_WORDS_H
#define BASE_WORDS_H

#include <libintl.h>

#define _(text)  gettext(text)
#define N_(text) (text)

/* Chooses the language ("vi", "en") for this process; `folder` holds
 * LANGUAGE/LC_MESSAGES/lachan.mo, NULL means where the program was installed or built.
 * Call once, before threads. A missing catalogue leaves English. */
void words_use(const char *language, const char *folder);

#endif
