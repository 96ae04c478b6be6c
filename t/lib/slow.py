#!/usr/bin/python3
"""slow.py: cat to standard output, slowly at first.

    slow.py rate from file [most]

Reads FROM, RATE bytes per second and MOST bytes in all, until FILE exists, and
then as fast as it can.
"""
import os
import sys
import time


def main():
    rate, source, hurry = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    left = int(sys.argv[4]) if len(sys.argv) > 4 else sys.maxsize
    step = max(1, rate // 50)
    with open(source, 'rb', buffering=0) as f:
        while True:
            while left <= 0 and not os.path.exists(hurry):
                time.sleep(0.05)
            data = f.read(min(step, left) if left > 0 else step)
            if not data:
                return
            left -= len(data)
            os.write(1, data)
            if not os.path.exists(hurry):
                time.sleep(len(data) / rate)


if __name__ == '__main__':
    main()
