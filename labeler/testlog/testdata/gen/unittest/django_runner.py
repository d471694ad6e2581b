import sys

import django
from django.conf import settings
from django.test.utils import get_runner

settings.configure(INSTALLED_APPS=[], DATABASES={})
django.setup()
sys.exit(bool(get_runner(settings)(verbosity=2).run_tests(["case.test_all", "case.test_good"])))
