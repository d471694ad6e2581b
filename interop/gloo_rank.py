"""One rank of torch.distributed over gloo, for bench_peers.py: joins the other,
then reads "OPERATION BYTES TIMES" from its input and answers with the median
seconds of a call. usage: gloo_rank.py RANK SIZE RENDEZVOUS_FILE
"""
import statistics
import sys
import time

import torch
import torch.distributed as dist

rank, size, place = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
torch.set_num_threads(1)
dist.init_process_group("gloo", init_method=f"file://{place}", rank=rank, world_size=size)
for line in sys.stdin:
    operation, count, times = line.split()
    n = int(count) // 4
    if operation == "allreduce":
        x = torch.zeros(n)
        call = lambda: dist.all_reduce(x)
    else:
        send, recv = [torch.zeros(n) for _ in range(size)], [torch.zeros(n) for _ in range(size)]
        call = lambda: dist.all_to_all(recv, send)
    took = []
    for _ in range(int(times)):
        start = time.perf_counter()
        call()
        took.append(time.perf_counter() - start)
    print(statistics.median(took), flush=True)
dist.destroy_process_group()
