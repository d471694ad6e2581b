"""A plugin of `swerm import`: reads logs of plain text in which every turn begins
with a line such as "[user]", "[agent]" or "[shell]".

    swerm import logs/ --plugin 'python3 chatlog.py' -o ds

One JSON object comes in on a line, one goes out on a line; docs/plugins.md of swerm
describes both.
"""

import json
import os
import sys

ROLES = {"user": "user", "agent": "assistant", "shell": "user"}
KINDS = {"user": "issue", "agent": "action", "shell": "observation"}


def decode(question):
    text = question.get("text")
    if text is None or not text.startswith("["):
        return {"ignore": True}
    messages = []
    for line in text.splitlines(keepends=True):
        speaker = line.strip()[1:-1] if line.startswith("[") else None
        if speaker in ROLES:
            messages.append({"role": ROLES[speaker], "kind": KINDS[speaker], "content": ""})
        elif not messages:
            return {"error": "text before the first speaker"}
        else:
            messages[-1]["content"] += line
    instance, _ = os.path.splitext(os.path.basename(question["uri"]))
    return {"instance_id": instance, "scaffold": "chatlog", "messages": messages}


def main():
    for line in sys.stdin:
        question = json.loads(line)
        answer = decode(question)
        answer["n"] = question["n"]
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
