#include <stdio.h>
#include <clock/clock.h>

int main(void)
{
	printf("%02d:%02d\n", clock_minutes() / 60, clock_minutes() % 60);
	return 0;
}
