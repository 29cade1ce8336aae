/* instrumented -- whether a sanitizer or a counter of coverage lives in this build.
 *
 * Such a build is slow, needs system calls of its own, and never serves a school: deadlines that
 * keep a healthy gateway quick are longer there, so that a late answer on a busy machine that
 * tests does not pass for none. */
#ifndef KIT_INSTRUMENTED_H
#define KIT_INSTRUMENTED_H

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || \
    defined(LACHAN_COVERAGE)
#	define INSTRUMENTED 1
#elif defined(__has_feature)
#	if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#		define INSTRUMENTED 1
#	endif
#endif
#ifndef INSTRUMENTED
#	define INSTRUMENTED 0
#endif

#endif
