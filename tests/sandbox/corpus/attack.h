/* The attack plugin's parts. An attack returns 0 when it was refused and 1 when it obtained
 * something. */
#ifndef ASSAY_TESTS_ATTACK_H
#define ASSAY_TESTS_ATTACK_H

typedef struct attack {
  const char* name;
  int (*run)(void);
} attack_t;

/* Each table ends with a null name. */
extern const attack_t kFileAttacks[];
extern const attack_t kProcessAttacks[];
extern const attack_t kKernelAttacks[];
extern const attack_t kResourceAttacks[];
extern const attack_t kCallAttacks[];
extern const attack_t kProtocolAttacks[];
extern const attack_t kThreadAttacks[];
extern const attack_t kCancelAttacks[];

/* What the worker's manifest asks for when threads are tried. */
#define ATTACK_THREADS 4

/* A raw system call: the C library must not refuse in the kernel's place. Returns -errno on
 * failure. */
long raw(long number, long a, long b, long c, long d, long e, long f);
#define CALL6(n, a, b, c, d, e, f) \
  raw((n), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define CALL3(n, a, b, c) CALL6((n), (a), (b), (c), 0, 0, 0)
#define CALL0(n) CALL6((n), 0, 0, 0, 0, 0, 0)
/* Whether the kernel said of some call that it has no such thing. */
extern int absent_seen;
/* Result of an attack in the control ("bare:NAME") that got nothing since the kernel has it not. */
#define ATTACK_ABSENT 96
#define WORKED(expr) ((expr) >= 0)

#endif
