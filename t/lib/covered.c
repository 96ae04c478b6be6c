/*
 * covered: a program that gcov(1) counts dies by a signal of its own will, and
 * has written down what it counted before.  Linked in by coverage.sh, with
 * -Wl,--wrap=raise.
 */
int	__real_raise(int);
int	__wrap_raise(int);
void	__gcov_dump(void);

int
__wrap_raise(int signo)
{
	__gcov_dump();
	return __real_raise(signo);
}
