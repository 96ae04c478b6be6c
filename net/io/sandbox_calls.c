/* sandbox_calls: see sandbox_calls.h. */
#include "net/io/sandbox_calls.h"

#ifdef __linux__

#include <sys/prctl.h>
#include <sys/syscall.h>

#include <errno.h>
#include <stddef.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

/* A system call has another number on each kind of processor, and a process may
 * make the calls of another kind: on x86_64 those of i386. */
#if defined(__x86_64__) && !defined(__ILP32__)
#define CALLS_OF	AUDIT_ARCH_X86_64
#define CALLS_END	0x40000000	/* behind it are those of x32 */
#elif defined(__i386__)
#define CALLS_OF	AUDIT_ARCH_I386
#elif defined(__aarch64__) && defined(__AARCH64EL__)
#define CALLS_OF	AUDIT_ARCH_AARCH64
#elif defined(__arm__) && defined(__ARMEL__)
#define CALLS_OF	AUDIT_ARCH_ARM
#elif defined(__riscv) && __riscv_xlen == 64
#define CALLS_OF	AUDIT_ARCH_RISCV64
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
#define CALLS_OF	AUDIT_ARCH_PPC64LE
#elif defined(__s390x__)
#define CALLS_OF	AUDIT_ARCH_S390X
#endif

#endif

#ifdef CALLS_OF

#define LOAD(field)	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, \
	(unsigned)offsetof(struct seccomp_data, field))
#define RETURN(what)	BPF_STMT(BPF_RET | BPF_K, what)
/* Go on behind the next step unless the number is this one. */
#define IF(number)	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1)
#define REFUSE(number)	IF(number), RETURN(SECCOMP_RET_ERRNO | EPERM)

/* Nothing that xcat does needs any of these; much that is done with a process
 * that has been taken over does. */
static struct sock_filter	 filter[] = {
	LOAD(arch),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CALLS_OF, 1, 0),
	RETURN(SECCOMP_RET_KILL),
	LOAD(nr),
#ifdef CALLS_END
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, CALLS_END, 0, 1),
	RETURN(SECCOMP_RET_KILL),
#endif
	REFUSE(SYS_execve),
	REFUSE(SYS_execveat),
	REFUSE(SYS_ptrace),
	REFUSE(SYS_process_vm_readv),
	REFUSE(SYS_process_vm_writev),
	REFUSE(SYS_mount),
	REFUSE(SYS_umount2),
	REFUSE(SYS_pivot_root),
	REFUSE(SYS_chroot),
	REFUSE(SYS_unshare),
	REFUSE(SYS_setns),
	REFUSE(SYS_init_module),
	REFUSE(SYS_finit_module),
	REFUSE(SYS_kexec_load),
	REFUSE(SYS_reboot),
	REFUSE(SYS_bpf),
	REFUSE(SYS_perf_event_open),
	REFUSE(SYS_userfaultfd),
	REFUSE(SYS_open_by_handle_at),
	REFUSE(SYS_keyctl),
	REFUSE(SYS_add_key),
	REFUSE(SYS_request_key),
#ifdef SYS_io_uring_setup
	REFUSE(SYS_io_uring_setup),
#endif
	RETURN(SECCOMP_RET_ALLOW)
};

int
sandbox_calls_give_up(void)
{
	const struct sock_fprog	 program = {
		.len = sizeof(filter) / sizeof(filter[0]),
		.filter = filter,
	};

	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

#else

int
sandbox_calls_give_up(void)
{
	return 0;
}

#endif
