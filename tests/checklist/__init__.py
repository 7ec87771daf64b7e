"""The compatibility checklist: what the Go tool's own tests assert, and what was seen beside them.

Each case bears the number of its line. Where our answer is better than the Go tool's, the case says ours;
ARCHITECTURE.md lists those differences.

    A1-A25                        the reader of tasks.md, the next wave       test_tasks.py
    A26-A36                       marking                                     test_marking.py
    A37-A46, A121-A127            wave-status and waves                       test_waves.py
    A57-A60, A76-A78, A88-A120    commands, their folders, facts about specs  test_specs.py
    A128-A140                     what the store keeps                        test_store.py
    A141-A151                     summaries                                   ../test_summaries.py
    A166-A175                     configuration                               test_config.py
    B1, B2, B4-B6, B11, B12       behaviours seen beside                      test_beside.py
    S1-S304, D1-D67               stores, and defects of earlier ones         stores.py says where

Dispatching (A47-A56, A61-A75, A79-A82, B3) is tested in ../test_dispatch.py, the hook (A152-A165, B7-B9) in
../test_hook_*.py. `test_keys.py` has every key of every answer.
"""
