"""The compatibility checklist: what the Go tool's own tests assert, and what was seen beside them.

Each case bears the number of its line. Where our answer is better than the Go tool's, the case says ours;
ARCHITECTURE.md lists those differences.

    A1-A14     the reader of tasks.md      test_tasks.py
    A15-A25    the next wave               test_tasks.py
    A26-A36    marking                     test_marking.py
    A37-A46    wave-status                 test_waves.py
    A57-A60    verify-task                 test_specs.py
    A76-A78    the registry, also A88-A90  test_specs.py
    A91-A104   paths inside a spec         test_specs.py
    A105-A120  facts about specs           test_specs.py
    A121-A127  waves                       test_waves.py
    A128-A140  what the store keeps        test_store.py
    A141-A151  summaries                   ../test_summaries.py
    A166-A175  configuration               test_config.py
    B1-B6, B11, B12            beside them test_beside.py
    every key of every answer   test_keys.py
"""
