#!/usr/bin/python3
"""slow.py: cat to standard output, slowly at first.

    slow.py rate from file

Reads FROM, RATE bytes per second, until FILE exists, and then as fast as it can.
"""
import os
import sys
import time


def main():
    rate, source, hurry = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    step = max(1, rate // 50)
    with open(source, 'rb', buffering=0) as f:
        while True:
            data = f.read(step)
            if not data:
                return
            os.write(1, data)
            if not os.path.exists(hurry):
                time.sleep(len(data) / rate)


if __name__ == '__main__':
    main()
