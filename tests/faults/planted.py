"""Tries nothing: dies at the third input, hangs at the fifth; no test itself.

python -m tests.faults.planted READER SEED FIRST LAST
"""

import json
import os
import signal
import sys
import time

if __name__ == "__main__":
    for number in range(int(sys.argv[3]), int(sys.argv[4])):
        print("begun", number, flush=True)
        if number == 2:
            os.kill(os.getpid(), signal.SIGSEGV)
        if number == 4:
            time.sleep(600)
        found = {"number": number, "kind": "load", "said": "", "memory": 1}
        print(json.dumps(found), flush=True)
