"""relatorios-fiscais: the tax reports, told in Portuguese. Its post-mortem is written."""

RELATORIOS_FISCAIS = """
>>> spec relatorios-fiscais pt oraculo
Relatórios fiscais mensais (SPED e DAPI)

>>> doc requirements.md @ 61d10:30
# Requisitos: Relatórios fiscais mensais

## Contexto do produto
A operação brasileira da acme-shop entrega todo mês o arquivo SPED Fiscal e a declaração DAPI. Hoje a
contabilidade monta os dois em planilhas, leva quatro dias e corrige, em média, onze notas rejeitadas pela
Receita.

## Escopo
### Dentro do escopo
- Geração do SPED (blocos C, E e H) e da DAPI a partir das notas autorizadas
- Validação prévia com as mesmas regras do validador oficial
### Fora do escopo
- Transmissão automática; o certificado digital continua com a contabilidade

## Requisitos funcionais
### REQ-001 - Gerar o arquivo do mês
- QUANDO o mês estiver fechado ENTÃO o sistema DEVE gerar o SPED em até 5 minutos
- Prioridade: obrigatório

### REQ-002 - Validar antes de entregar
- QUANDO houver registro inválido ENTÃO o relatório DEVE indicar nota, campo e regra violada
- Prioridade: obrigatório

### REQ-003 - Apurar ICMS por UF
- A apuração DEVE fechar com o razão contábil, centavo a centavo, por unidade federativa
- Prioridade: obrigatório

### REQ-004 - Guardar por cinco anos
- Arquivos entregues DEVEM ficar disponíveis, com recibo, por cinco anos
- Prioridade: desejável

## Critérios de sucesso
- Fechamento de janeiro entregue em um dia útil, com no máximo uma nota rejeitada

>>> doc discover/PRD.md @ 61d10:00
# PRD: Relatórios fiscais

## 1. Problema
Quatro dias por mês, duas pessoas, onze rejeições. A multa por atraso em novembro foi de R$ 5.000,00.

## 6. Requisitos
REQ-001 a REQ-004, detalhados em `requirements.md`.

## 8. Riscos
- O guia prático muda duas vezes por ano; as regras precisam ser trocadas sem nova versão do sistema.
- A contabilidade só confia no número que ela mesma consegue refazer: cada total deve abrir na lista de \
notas que o formam.

## 12. Rastreabilidade
| Fonte | Requisito |
|-------|-----------|
| Entrevista com a contabilidade | REQ-002 |
| Multa de novembro | REQ-001 |
| Parecer do auditor externo | REQ-003, REQ-004 |

>>> doc design.md @ 58d15:00
# Design: Relatórios fiscais mensais

## Visão geral
Um leitor de notas autorizadas alimenta três geradores de blocos. Cada registro é uma `dataclass` com
validação declarativa;
o arquivo só é gravado quando nenhum registro tem erro.

## Mapeamento de requisitos
| Requisito | Decisão técnica | Componentes | Estratégia de teste |
|-----------|-----------------|-------------|---------------------|
| REQ-001 | geração em fluxo, bloco a bloco | `fiscal/sped/writer.py` | arquivo de referência |
| REQ-002 | regras como dados | `fiscal/regras.py` | tabela de casos |
| REQ-003 | apuração por UF em decimal | `fiscal/apuracao.py` | conciliação com o razão |
| REQ-004 | bucket com retenção | `fiscal/arquivo.py` | integração |

## Arquitetura
```mermaid
flowchart TD
  notas[Notas autorizadas] --> blocoC --> arquivo
  notas --> apuracao --> blocoE --> arquivo
  estoque --> blocoH --> arquivo
```

## Riscos
- A tabela de CFOP muda sem aviso: o hash do arquivo oficial é verificado toda noite.

>>> doc execution/CHECKPOINT-REPORT.md @ 40d17:30
# Relatório de checkpoint: onda 02

- **Status:** PASS
- A apuração de dezembro fechou com o razão em 27 unidades federativas.
- Registros de implementação das tarefas 4 e 5 presentes, commits conferidos.

## Histórico
| Onda | Execução | Checkpoint | Resultado |
|------|----------|------------|-----------|
| 01 | run-001 | run-001 | BLOCKED: arquivo em UTF-8, o validador exige ISO-8859-1 |
| 01 | run-002 | run-002 | PASS |
| 02 | run-001 | run-001 | PASS |

## Observação
O cadastro de Goiás tinha uma alíquota interna de 17 % desde 2023; a correta é 19 %. O erro é anterior a
esta spec e foi encaminhado ao financeiro com a lista das 212 notas afetadas.

>>> doc qa/QA-TEST-PLAN.md @ 36d11:00
# Plano de QA

| Caso | Requisito | Como |
|------|-----------|------|
| QA-01 | REQ-001 | gerar dezembro e comparar com o arquivo entregue |
| QA-02 | REQ-002 | injetar 20 notas inválidas conhecidas |
| QA-03 | REQ-003 | conciliar 27 UFs |
| QA-04 | REQ-004 | apagar um recibo dentro do prazo de retenção e esperar a recusa |

## Dados
- Base anonimizada de dezembro: 58.311 notas, 402 canceladas, 17 com CFOP de devolução.
- As 20 notas inválidas vêm do histórico de rejeições de 2025, uma por regra mais frequente.

## Critério de saída
Nenhuma diferença de centavo em QA-03 e todas as 20 notas apontadas em QA-02 com nota, campo e regra. Uma
nota rejeitada pela Receita na simulação de janeiro é tolerada; duas não são.

>>> doc post-mortem/report.md @ 29d16:00
# Post-mortem: relatórios fiscais

## Linha do tempo
| Data | Fato |
|------|------|
| 31/12 | requisitos aprovados |
| 08/01 | checkpoint da onda 1 bloqueado: codificação Latin-1 |
| 21/01 | checkpoint da onda 2 aprovado |
| 28/01 | janeiro simulado: uma nota rejeitada em 6.412 |

## O que deu certo
- As regras como dados permitiram que a contabilidade revisasse a tabela sem ler código.
- A conciliação por UF encontrou um erro antigo no cadastro de Goiás.

## O que deu errado
1. **Codificação.** O validador oficial espera ISO-8859-1; nós gravamos UTF-8. "São Paulo" virou "SÃ£o \
Paulo" e 1.204
   registros foram rejeitados. O teste comparava texto, não bytes.
2. **Calendário.** O feriado municipal de 25/01 adiou o fechamento e a tarefa agendada rodou com o mês aberto.

## O que demorou
- A primeira conversa com a contabilidade sobre o diferencial de alíquota aconteceu só na onda 2. Ela teria \
mudado a ordem das
  tarefas: a apuração é mais arriscada que o bloco C e deveria ter vindo antes.
- Quatro dos 23 commits trataram apenas de codificação, incluindo um que foi desfeito no mesmo dia.

## Números
| Medida | Antes | Depois |
|--------|------:|-------:|
| dias de trabalho por fechamento | 4 | 1 |
| notas rejeitadas por mês | 11 | 1 |
| pessoas envolvidas | 2 | 1 |

## Ações
| Ação | Responsável | Prazo |
|------|-------------|-------|
| comparar arquivos em bytes em todos os geradores | plataforma | feito |
| calendário de feriados por município | fiscal | março |

## Lição
Um formato de arquivo é um contrato de bytes. Todo teste de exportação deve comparar bytes.

>>> doc /post-mortems/relatorios-fiscais/20260201T160000-post-mortem.md @ 29d16:10
# Post-mortem: relatórios fiscais

Versão para a memória da equipe. Causa raiz: o arquivo SPED foi gravado em UTF-8, e o validador espera
ISO-8859-1. O teste comparava texto decodificado, por isso não viu a diferença. Ação: comparar bytes em todo
gerador de arquivo.

>>> tasks mcp @ 40d17:45
wave 1 Notas e bloco C
x 1 mcp | Ler notas autorizadas em fluxo | REQ-001 | none | \
fiscal/notas.py, tests/fiscal/test_notas.py | pytest tests/fiscal/test_notas.py
- Cursor no servidor, lotes de 1.000 notas, sem carregar o XML inteiro
x 2 mcp | Descrever as regras de validação como dados | REQ-002 | none | \
fiscal/regras.py, fiscal/regras.yml | pytest tests/fiscal/test_regras.py
- 143 regras em YAML, cada uma com o trecho do guia prático que a justifica
x 3 agent | Gravar o bloco C em ISO-8859-1 | REQ-001, REQ-002 | 1, 2 | \
fiscal/sped/bloco_c.py, fiscal/sped/writer.py | pytest tests/fiscal/test_bloco_c.py
- Comparação em bytes com o arquivo de referência de novembro
wave 2 Apuração e arquivo
x 4 agent | Apurar o ICMS por unidade federativa | REQ-003 | 1 | \
fiscal/apuracao.py, tests/fiscal/test_apuracao.py | pytest tests/fiscal/test_apuracao.py
- Decimal do começo ao fim; diferença de alíquota tratada na UF de destino
x 5 tool | Guardar arquivo e recibo por cinco anos | REQ-004 | 3 | \
fiscal/arquivo.py | pytest tests/fiscal/test_arquivo.py
- Bucket com retenção bloqueada e recibo ao lado do arquivo

>>> run discover @ 61d08:40
>> source-reader-mcp | pass | Guia prático do SPED 3.1.7 lido; 143 regras se aplicam a nós
>> feedback-analyzer | pass | A contabilidade quer saber qual nota e qual campo, não um código de erro
- "O validador diz *erro 0347*; eu perco meia hora procurando a nota." (Cláudia, contabilidade)
>> requirements-structurer | pass artifact=requirements.md | Quatro requisitos, três obrigatórios

>>> run design-research @ 59d13:00
>> codebase-pattern-scanner | pass | O exportador de billing já tem cursor; o formato de registro é novo
>> risk-analyst | pass | Maior risco é a apuração por UF com diferencial de alíquota

>>> run exec 1 @ 54d09:00
>> task-implementer-1 | pass | Leitura em fluxo de notas, 38 MB de pico para 60 mil notas
>> task-implementer-2 | pass | 143 regras declaradas em YAML e verificadas por tabela
>> task-implementer-3 | pass | Bloco C gravado e comparado com o arquivo de referência

>>> run checkpoint 1 @ 53d15:00
>> evidence-collector | blocked | Validador oficial rejeita 1.204 registros por codificação
```text
Registro 0150, linha 88: caractere inválido (0xC3)
Registro 0150, linha 91: caractere inválido (0xC3)
… mais 1.202 ocorrências
```
O arquivo foi gravado em UTF-8. O guia exige ISO-8859-1.
>> traceability-judge | pass | Todos os requisitos da onda têm código e teste
>> release-gate-decider | blocked | BLOQUEADO: arquivo em UTF-8, o validador exige ISO-8859-1

>>> run exec 1 @ 47d09:30
>> task-implementer-3 | pass | Gravação em ISO-8859-1 e teste em bytes contra o arquivo de novembro
A troca de codificação expôs 17 descrições com travessão (—), que não existe em ISO-8859-1. Elas passam por
uma tabela de equivalência; nada é descartado em silêncio.
>> code-quality-reviewer-3 | pass | Tabela de equivalência pequena e testada; sem `errors="ignore"`
>>> run checkpoint 1 @ 46d14:00
>> evidence-collector | pass | Validador oficial aceita o arquivo de novembro sem rejeição
>> traceability-judge | pass | REQ-001 e REQ-002 comprovados
>> release-gate-decider | pass | APROVADO na segunda tentativa
>>> wave 1 agent complete execution=run-002 @ 46d14:30

>>> run exec 2 @ 42d09:00
>> task-implementer-4 | pass | Apuração fecha em 27 UFs; erro antigo no cadastro de Goiás encontrado
>> task-implementer-5 | pass | Arquivo e recibo guardados com retenção de cinco anos
>>> run checkpoint 2 @ 40d16:40
>> evidence-collector | pass | Conciliação das 27 UFs anexada
>> release-gate-decider | pass | APROVADO sem ressalvas
>>> wave 2 agent complete execution=run-001 @ 40d17:40

>>> run qa @ 36d09:30
>> qa-plan-synthesizer | pass artifact=qa/QA-TEST-PLAN.md | Plano enxuto, sem teste de navegador
>>> run qa-exec 1 @ 33d10:00
>> qa-test-runner | pass | Janeiro simulado: uma nota rejeitada em 6.412
>> qa-exec-synthesizer | pass | Pronto para o fechamento; feriado municipal fica para a próxima fase

>>> run post-mortem @ 29d13:30
>> review-test-failure-analyzer | pass | O teste comparava texto decodificado e não bytes
>> lessons-synthesizer | pass artifact=post-mortem/report.md | Duas causas, duas ações, uma lição para todos \
os exportadores

>>> review requirements.md approved answered=61d14:00 @ 61d10:45
Requisitos de relatorios-fiscais
response: Aprovado pelo painel
- QUANDO o mês estiver fechado ENTÃO o sistema DEVE gerar o SPED em até 5 minutos => \
- O sistema DEVE gerar o SPED rapidamente

>>> review design.md approved answered=58d18:00 gone @ 58d15:20
Design de relatorios-fiscais
response: Aprovado pelo painel
"""
