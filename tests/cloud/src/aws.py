"""Calls AWS for the tests: reads {"do": ..., ...} and prints JSON. What needs no SDK of our own stays here."""

import io
import json
import sys
import zipfile

from botocore.exceptions import ClientError
from botocore.session import get_session

session = get_session()


def client(service):
    return session.create_client(service)


# Runs as a function's own role: makes each call of its event and tells which were allowed.
PROBE = """#!{python}
import json, os, urllib.request
from botocore.exceptions import ClientError
from botocore.session import get_session
api = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
while True:
    with urllib.request.urlopen(api + "next") as answer:
        request, event = answer.headers["Lambda-Runtime-Aws-Request-Id"], json.load(answer)
    verdicts = {{}}
    for name, service, method, arguments in event["calls"]:
        try:
            getattr(get_session().create_client(service), method)(**arguments)
            verdicts[name] = "allowed"
        except ClientError as error:
            code = error.response["Error"]["Code"]
            # Allowed to ask, and answered that there is no such thing: a right all the same.
            denied = "Denied" in code or "Unauthorized" in code or "NotAuthorized" in code
            verdicts[name] = "denied" if denied else "allowed"
    data = json.dumps(verdicts).encode()
    urllib.request.urlopen(urllib.request.Request(api + request + "/response", data))
"""


def bootstrap():
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o755 << 16
        zipped.writestr(entry, PROBE.format(python=sys.executable))
    return archive.getvalue()


def invoke(name, payload):
    answer = client("lambda").invoke(FunctionName=name, Payload=json.dumps(payload))
    return {"failed": answer.get("FunctionError"), "answer": json.load(answer["Payload"])}


def probe(roles, calls):
    """Which calls each role may make: {role name: {call name: allowed | denied}}."""
    functions, code, found = client("lambda"), bootstrap(), {}
    for name, role in roles.items():
        probe_name = "probe-" + name
        functions.create_function(
            FunctionName=probe_name, Runtime="provided.al2023", Role=role, Handler="bootstrap",
            Code={"ZipFile": code}, Timeout=60,
        )
        functions.get_waiter("function_active_v2").wait(FunctionName=probe_name)
        found[name] = invoke(probe_name, {"calls": calls})["answer"]
        functions.delete_function(FunctionName=probe_name)
    return found


def policy(role):
    iam = client("iam")
    name = iam.list_role_policies(RoleName=role)["PolicyNames"][0]
    return {"name": name, "document": iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]}


def put_policy(role, name, document):
    client("iam").put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))


def left(prefix):
    """What is still there of an installation."""
    names = []
    names += [q for q in client("sqs").list_queues(QueueNamePrefix=prefix).get("QueueUrls", [])]
    names += [t for t in client("dynamodb").list_tables()["TableNames"] if t.startswith(prefix)]
    names += [f["FunctionName"] for f in client("lambda").list_functions()["Functions"]]
    names += [r["RoleName"] for r in client("iam").list_roles()["Roles"] if r["RoleName"].startswith(prefix)]
    names += [s["Name"] for s in client("secretsmanager").list_secrets()["SecretList"]]
    names += [a["Name"] for a in client("apigatewayv2").get_apis()["Items"]]
    names += [g["logGroupName"] for g in client("logs").describe_log_groups()["logGroups"] if prefix in g["logGroupName"]]
    names += [s["Name"] for s in client("scheduler").list_schedules()["Schedules"]]
    return names


def logs(group):
    found = client("logs").filter_log_events(logGroupName=group)["events"]
    return [event["message"] for event in found]


actions = {f.__name__: f for f in (invoke, probe, policy, put_policy, left, logs)}
request = json.load(sys.stdin)
json.dump(actions[request.pop("do")](**request), sys.stdout)
