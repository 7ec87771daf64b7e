"""wishlist-sharing: requirements only, told in Portuguese, waiting for approval."""

WISHLIST_SHARING = """
>>> spec wishlist-sharing pt spw
Compartilhar listas de desejos

>>> doc requirements.md @ 0d11:30
# Requisitos: Compartilhar listas de desejos

## Contexto do produto
Clientes mandam fotos da tela para mostrar a lista de desejos a amigos. Queremos um link que qualquer pessoa
abra, sem conta, e que diga o que já foi comprado sem estragar a surpresa do dono da lista.

## Escopo
### Dentro do escopo
- Link público por lista, com prazo e possibilidade de revogar
- Reserva de item por convidado, invisível para o dono
### Fora do escopo
- Comentários e listas em grupo

## Requisitos funcionais
### REQ-001 - Criar um link
- QUANDO o dono pedir um link ENTÃO o sistema DEVE gerar um endereço impossível de adivinhar, válido por 90 \
dias
- Prioridade: obrigatório

### REQ-002 - Reservar um presente
- QUANDO um convidado reservar um item ENTÃO os outros convidados DEVEM vê-lo como reservado, e o dono NÃO
- Prioridade: obrigatório

### REQ-003 - Revogar o link
- QUANDO o dono revogar o link ENTÃO ele DEVE deixar de funcionar em até um minuto
- Prioridade: obrigatório

### REQ-004 - Privacidade do dono
- A página pública NÃO DEVE mostrar sobrenome, endereço nem data de nascimento
- Prioridade: obrigatório

## Perguntas em aberto
- O que acontece com a reserva quando o item sai de linha?

>>> doc prd/PRD.md @ 0d11:00
# PRD: Compartilhar listas de desejos

## 1. Problema
Nas oito semanas antes do Natal, 3.400 clientes copiaram o endereço da própria lista e mandaram a alguém que
só viu uma página de login. Estimativa conservadora: 900 presentes comprados em outro lugar.

## 2. Usuários
| Usuário | Quer | Hoje |
|---------|------|------|
| Dono da lista | mostrar sem se expor | manda fotos |
| Convidado | saber o que falta | pergunta no grupo da família |
| Atendimento | explicar por que o link não abre | copia uma resposta pronta, 70 vezes por semana |

## 3. Proposta
O dono gera um link por lista e escolhe o que mostrar. O convidado abre a página sem conta, vê o que já foi
reservado e marca o que vai comprar; para isso basta um apelido. O dono nunca vê as reservas antes da data
que ele mesmo informou.

## 4. Alternativas descartadas
- **Lista pública para todos**: mais simples, mas expõe o dono a qualquer buscador.
- **Convite por e-mail**: quatro dos cinco entrevistados combinam presentes por mensagem, não por e-mail.
- **Exportar em PDF**: resolve a foto da tela e não resolve a reserva; dois convidados comprariam o mesmo \
presente.

## 5. Como medir
| Medida | Hoje | Meta em 90 dias |
|--------|-----:|----------------:|
| acessos anônimos que terminam no login | 3.400 | 300 |
| presentes comprados a partir de uma lista | 210 | 900 |
| presentes repetidos devolvidos | 35 | 10 |

## 6. Requisitos
REQ-001 a REQ-004, em `requirements.md`.

>>> doc prd/PRD-SOURCE-NOTES.md @ 0d09:50
# Notas das fontes

- Relatório de acessos de 1/11 a 24/12: 3.400 acessos anônimos a `/wishlist/*`, todos redirecionados ao login.
- Entrevista com cinco clientes; quatro falaram da surpresa antes de falar do link.
- Resposta pronta nº 18 do atendimento: "o endereço da lista só funciona para quem está conectado". Usada 70 \
vezes por semana.
- Em 2024 a equipe móvel tentou um botão de compartilhar; foi retirado porque mostrava o nome completo do \
dono.

>>> run prd @ 0d09:30
>> source-reader-mcp | pass | 3.400 acessos anônimos redirecionados ao login em oito semanas
>> feedback-analyzer | pass | A surpresa importa mais que o link: o dono não pode ver as reservas
- "Se ela vir que comprei, acabou a graça." (cliente, 41 anos)
- Dois entrevistados querem reservar sem informar o e-mail.
>> codebase-impact-scanner | pass | A lista exige sessão em sete rotas; a página pública precisa de uma rota \
própria
>> requirements-structurer | pass artifact=requirements.md | Quatro requisitos obrigatórios, uma pergunta em \
aberto
>> prd-critic | pass | Pronto para aprovação; a pergunta sobre itens fora de linha precisa de resposta do \
produto

>>> review requirements.md pending @ 0d11:45
Requisitos de wishlist-sharing
"""
