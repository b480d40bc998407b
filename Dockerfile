# syntax=docker/dockerfile:1
# Everything in one image: the worker (`oresight serve`) and, by another command, Prefect's server.
# For production pin the base by its digest: docker buildx imagetools inspect python:3.11-slim-bookworm
FROM python:3.11-slim-bookworm AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
COPY locks/pip.txt locks/build.txt locks/run.txt locks/
RUN python -m venv /opt/oresight \
    && /opt/oresight/bin/pip install --require-hashes -r locks/pip.txt \
    && /opt/oresight/bin/pip install --require-hashes -r locks/build.txt -r locks/run.txt
COPY . .
RUN /opt/oresight/bin/pip install --no-deps --no-build-isolation . \
    && /opt/oresight/bin/python -m compileall -q -j 0 /opt/oresight/lib

FROM python:3.11-slim-bookworm

# A number, so that Kubernetes' runAsNonRoot can check it; the home is the only place that is written to beside /tmp.
RUN groupadd --gid 10001 oresight \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/oresight --shell /usr/sbin/nologin oresight \
    && install --directory --owner=10001 --group=10001 --mode=0750 /var/lib/oresight
COPY --from=build /opt/oresight /opt/oresight

ENV PATH=/opt/oresight/bin:$PATH \
    ORESIGHT_HOME=/var/lib/oresight \
    PREFECT_HOME=/var/lib/oresight/prefect \
    PREFECT_SERVER_UI_STATIC_DIRECTORY=/var/lib/oresight/prefect/ui \
    DO_NOT_TRACK=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
WORKDIR /var/lib/oresight
VOLUME ["/var/lib/oresight"]
USER 10001:10001

# Prefect's server may take three minutes to start on a small machine.
HEALTHCHECK --interval=60s --timeout=20s --start-period=240s --retries=3 CMD ["oresight", "healthy"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["oresight"]
CMD ["serve"]
