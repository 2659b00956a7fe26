"""Objects of many sizes, as scripts make them: python3.py SCALE"""

import json
import re
import sys


class Node:
    def __init__(self, key):
        self.key, self.left, self.right = key, None, None


def insert(root, key):
    node = root
    while True:
        side = "left" if key < node.key else "right"
        child = getattr(node, side)
        if child is None:
            setattr(node, side, Node(key))
            return
        node = child


def depth(root):
    deepest, stack = 0, [(root, 1)]
    while stack:
        node, level = stack.pop()
        deepest = max(deepest, level)
        stack += [(child, level + 1) for child in (node.left, node.right) if child]
    return deepest


def tree(count):
    root = Node(count * 7919 % 10007)
    for i in range(count):
        insert(root, i * 7919 % 100003)
    return depth(root)


def words(count):
    text = " ".join(f"word{i * 37 % 997} {i}" for i in range(count))
    found = {}
    for word in re.findall(r"[a-z]+\d+", text):
        found.setdefault(word, []).append(len(word))
    return sum(map(len, found.values()))


def records(count):
    rows = [{"id": i, "name": f"name {i}", "tags": [str(i % k) for k in range(1, 6)], "half": i / 2} for i in range(count)]
    again = json.loads(json.dumps(rows))
    again.sort(key=lambda row: (row["tags"][-1], -row["id"]))
    return again[0]["id"]


scale = float(sys.argv[1])
print(tree(int(30000 * scale) + 1), words(int(150000 * scale) + 1), records(int(35000 * scale) + 1))
